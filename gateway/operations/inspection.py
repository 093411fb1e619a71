"""What a configuration points to, tried before anything starts: keys, certificates, passwords, folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from gateway.config import CustomsConfig, GatewayConfig, LineConfig, PartnerConfig
from gateway.config.tables import load_tables, shipped_tables
from gateway.errors import ConfigurationFault, EnvironmentFault
from gateway.exchange.file_services import PartnerServices
from gateway.line.anchorage import Anchorage
from gateway.line.tls import make_context
from gateway.operations.expiring import certificates_of, expiry_trouble
from gateway.operations.free_space import MIB, LookAtRoom, Reserve, mount_point, room_of
from gateway.operations.instance import SPOOL_FOLDERS
from gateway.trust.certificates import Role, TrustStore
from gateway.trust.challenge import Authenticator
from gateway.trust.signing import Signer


def anchors_of(config: GatewayConfig) -> dict[Role, Path]:
    """The folder of trusted certificates for each role."""
    trust = config.trust
    return {
        Role.ISSUER: trust.issuer,
        Role.SEAL: trust.seal,
        Role.CUSTOMS: trust.customs,
        Role.GATEWAY: trust.gateway,
    }


def faults_of_gateway(config: GatewayConfig) -> tuple[str, ...]:
    """Everything that the gateway's configuration points to and that cannot be used, a sentence each."""
    keys, participant = config.keys, config.gateway.participant
    return (
        *_signer(keys.seal_key, keys.seal_certificate, participant),
        *_signer(keys.gateway_key, keys.gateway_certificate, participant),
        *_anchors(anchors_of(config)),
        *_line(config.line, config.partners),
        *_tried(partial(load_tables, config.law.tables or shipped_tables())),
        *(fault for spool in config.spools for fault in _spool(spool.path)),
        *_folder(config.gateway.state),
        *_folder(config.log.file.parent),
    )


def faults_of_customs(config: CustomsConfig) -> tuple[str, ...]:
    """The same for the simulated customs."""
    keys, trust = config.keys, config.trust
    anchors = {Role.ISSUER: trust.issuer, Role.SEAL: trust.seal, Role.GATEWAY: trust.gateway}
    scenario = config.customs.scenario
    return (
        *_signer(keys.customs_key, keys.customs_certificate, config.customs.participant),
        *_anchors(anchors),
        *_line(config.line, config.partners),
        *([] if scenario is None or scenario.is_file() else [f"{scenario}: scenario file is missing"]),
        *_folder(config.customs.state),
        *_folder(config.log.file.parent),
    )


def notices_of_gateway(config: GatewayConfig, now: datetime, look: LookAtRoom = room_of) -> tuple[str, ...]:
    """What is no fault and yet needs care, a sentence each: certificates that end, names or room missing."""
    told = ((one, expiry_trouble(one, now)) for one in certificates_of(config))
    return (
        *(f"{one.title}: {trouble}" for one, trouble in told if trouble is not None),
        *(told for partner in config.partners for told in _vague(partner)),
        *_without_room([config.gateway.state, *(one.path for one in config.spools)], config, look),
    )


def _without_room(folders: Sequence[Path], config: GatewayConfig, look: LookAtRoom) -> Iterator[str]:
    """Each file system on which the gateway would take no new work now."""
    told = set()
    for folder in folders:
        if folder.is_dir() and (point := mount_point(folder)) not in told:
            told.add(point)
            room = look(folder)
            missing = Reserve.of(room, config.limits.min_free_mib * MIB).missing(room)
            if missing is not None:
                yield f"limits.min_free_mib: {missing} on {point}: no new work would be taken now"


def _vague(partner: PartnerConfig) -> Iterator[str]:
    try:
        anchorage = Anchorage.load(partner)
    except ConfigurationFault:
        return
    if anchorage is not None and anchorage.is_vague:
        yield (
            f'partner "{partner.name}": unless {partner.tls_anchor} is its own certificate, nothing tells'
            " which one of the issuer's it has, and it is not let in; then set tls_names or tls_subject"
        )


def _signer(key: Path, certificate: Path, participant: str) -> Iterator[str]:
    try:
        signer = Signer.load(key, certificate)
    except EnvironmentFault as fault:
        yield str(fault)
        return
    if signer.participant != participant:
        yield f'{certificate}: expected a certificate of "{participant}", found one of "{signer.participant}"'


def _anchors(folders: dict[Role, Path]) -> Iterator[str]:
    for role, folder in folders.items():
        yield from _tried(partial(TrustStore.load, {role: folder}))


def _line(line: LineConfig, partners: tuple[PartnerConfig, ...]) -> Iterator[str]:
    if line.certificate is not None and line.key is not None:
        yield from _tried(partial(make_context, line.certificate, line.key, ()))
    for partner in partners:
        yield from _tried(partner.password_ours)
        yield from _tried(partner.password_theirs)
        yield from _tried(partial(Anchorage.load, partner))
        key, own, other = partner.auth_key, partner.auth_certificate, partner.partner_auth_certificate
        if key is not None and own is not None and other is not None:
            yield from _tried(partial(Authenticator.load, key, own, other))
        yield from _tried(partial(PartnerServices.load, partner.services))


def _tried(load: Callable[[], object]) -> Iterator[str]:
    try:
        load()
    except EnvironmentFault as fault:
        yield str(fault)


def _spool(root: Path) -> Iterator[str]:
    """A tree's folders; renames between them must stay within one file system."""
    devices = set()
    for name in SPOOL_FOLDERS:
        folder = root / name
        yield from _folder(folder)
        if folder.is_dir():
            devices.add(folder.stat().st_dev)
    if len(devices) > 1:
        yield f"{root}: expected in/, work/, out/, held/ and corrupt/ on one file system"


def _folder(folder: Path) -> Iterator[str]:
    """A folder that is there must be writable; one that is not must be possible to make."""
    nearest = next(path for path in (folder, *folder.parents) if path.exists() or path == path.parent)
    if not nearest.is_dir():
        yield f"{folder}: expected a folder; {nearest} is something else"
    elif not os.access(nearest, os.W_OK | os.X_OK):
        yield f"{folder}: expected a folder that this user can write to"
