"""By what a partner is told from others: its own certificate, names, a subject."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.line.anchorage import Anchorage
from tests.line.judging import HOST, answer, call
from tests.line.papers import Issued, bundle, issue


@pytest.fixture
def root(tmp_path: Path) -> Issued:
    return issue(tmp_path, "root", authority=True)


@pytest.fixture
def us(root: Issued) -> Issued:
    return root.issue("us", names=("us.example",))


class TestNames:
    def test_whom_we_call_must_have_the_name_that_we_called(self, root: Issued, us: Issued) -> None:
        right = root.issue("right", names=("else.example", HOST))
        wrong = root.issue("wrong", names=("else.example", "192.0.2.7"))
        assert call(us, root.path, right) == ""
        assert call(us, root.path, wrong) == (
            "the certificate of CN=wrong is refused: expected the name oftp.customs.example;"
            " its names are: else.example, 192.0.2.7"
        )
        # A common name is no name that is checked.
        assert "its names are: none" in call(us, root.path, root.issue(HOST))

    def test_an_address_is_a_name_of_its_own_kind(self, root: Issued, us: Issued) -> None:
        one = root.issue("one", names=("192.0.2.7", "2001:db8::7"))
        assert call(us, root.path, one, host="192.0.2.7") == ""
        assert call(us, root.path, one, host="2001:db8:0::7") == ""
        assert "expected the name 192.0.2.8" in call(us, root.path, one, host="192.0.2.8")
        assert "expected" in call(us, root.path, root.issue("two", names=(HOST,)), host="192.0.2.7")

    def test_tls_names_take_the_place_of_the_host(self, root: Issued, us: Issued) -> None:
        one = root.issue("one", names=("customs.example",))
        assert call(us, root.path, one, tls_names=("other.example", "customs.example")) == ""
        refusal = call(us, root.path, one, tls_names=("other.example", "third.example"))
        assert "expected the name other.example or third.example; its names are: customs.example" in refusal

    def test_a_certificate_that_is_pinned_needs_no_name(self, us: Issued, tmp_path: Path) -> None:
        # As `openssl req -x509` makes it: an authority of itself.
        own = issue(tmp_path, "own", authority=True)
        assert call(us, own.path, own) == ""
        assert answer(us, own.path, own) == ""
        # What it goes on to issue is not it.
        assert "expected the name" in call(us, own.path, own.issue("child", names=("x.example",)))

    def test_a_subject_may_stand_for_names(self, root: Issued, us: Issued) -> None:
        one = root.issue("one")
        assert call(us, root.path, one, tls_subject="CN=one") == ""
        assert "is refused: expected one of CN=two" in call(us, root.path, one, tls_subject="CN=two")
        refusal = call(us, root.path, one, tls_subject="CN=one", tls_names=("one.example",))
        assert "expected the name one.example" in refusal, "both, where both are configured"


class TestCallers:
    """The handshake lets in whom any partner's anchor vouches for; who it is, is judged with the code."""

    def test_of_an_issuers_certificates_one_has_the_partners_name(self, root: Issued) -> None:
        anchorage = Anchorage((root.certificate,), names=("a.example",))
        assert anchorage.refusal_of(root.issue("a", names=("a.example",)).certificate) is None
        refusal = anchorage.refusal_of(root.issue("b", names=("b.example",)).certificate)
        assert refusal is not None
        assert "CN=b is refused: expected the name a.example; its names are: b.example" in refusal

    def test_without_names_it_is_known_by_the_hosts_at_which_it_is_called(self, root: Issued) -> None:
        anchorage = Anchorage((root.certificate,), hosts=("a.example", "b.example"))
        assert not anchorage.is_vague
        assert anchorage.refusal_of(root.issue("b", names=("b.example",)).certificate) is None
        assert anchorage.refusal_of(root.issue("c", names=("c.example",)).certificate) is not None

    def test_where_nothing_tells_whose_it_is_nobody_comes_in(self, root: Issued) -> None:
        anchorage = Anchorage((root.certificate,))
        assert anchorage.is_vague
        refusal = anchorage.refusal_of(root.issue("a", names=("a.example",)).certificate)
        assert refusal is not None
        assert "tls_names does not say which" in refusal
        leaf = root.issue("leaf")
        assert not Anchorage((leaf.certificate,)).is_vague
        assert Anchorage((leaf.certificate,)).refusal_of(leaf.certificate) is None

    def test_a_name_alike_is_not_the_anchor(self, root: Issued, tmp_path: Path) -> None:
        (tmp_path / "forged").mkdir()
        forged = issue(tmp_path / "forged", "root", authority=True)
        leaf = forged.issue("leaf", names=(HOST,))
        anchorage = Anchorage((root.certificate,), names=(HOST,))
        assert anchorage.refusal_of(leaf.certificate, (forged.certificate,)) is not None

    def test_who_is_no_authority_cannot_vouch_for_others(self, root: Issued) -> None:
        leaf = root.issue("leaf")
        child = leaf.issue("child", names=(HOST,))
        refusal = Anchorage((leaf.certificate,), names=(HOST,)).refusal_of(child.certificate)
        assert refusal is not None
        assert Anchorage((root.certificate,), names=(HOST,)).refusal_of(
            child.certificate, (leaf.certificate,)
        )

    def test_old_and_new_are_both_accepted_while_both_are_in_the_file(
        self, root: Issued, us: Issued, tmp_path: Path
    ) -> None:
        old, new, third = (issue(tmp_path, name) for name in ("old", "new", "third"))
        both = bundle(tmp_path / "both.pem", old, new)
        assert answer(us, both, old) == answer(us, both, new) == ""
        assert "CN=third is refused: it signed itself, and is not in tls_anchor" in answer(us, both, third)
