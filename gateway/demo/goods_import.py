"""Samples of goods under import licence: ozone-depleting substances, used machinery."""

from __future__ import annotations

from gateway.demo.goods import PIECE, TONNE, Family, Goods

_USED = ("二手，2014年制造，成色七成", "二手，2016年制造，经检修", "二手，2018年制造，附原厂图纸")
IMPORT: tuple[Family, ...] = (
    Family(
        "ozone",
        "化工",
        (
            Goods(
                "2903710000", "一氯二氟甲烷", TONNE, (2000, 4000), (5, 80), ("纯度99.9%，钢瓶装", "ISO罐装")
            ),
            Goods("2903720000", "二氯三氟乙烷", TONNE, (5000, 9000), (2, 40), ("纯度99.8%，钢瓶装",)),
            Goods("2903420000", "二氟甲烷", TONNE, (2200, 4200), (5, 60), ("纯度99.9%，ISO罐装",)),
        ),
        ("JPN", "KOR", "IND", "USA"),
        multi_use=False,
        paper=True,
    ),
    Family(
        "papermachine",
        "纸业装备",
        (
            Goods("8439200000", "纸或纸板的抄造机器（旧）", PIECE, (300000, 2000000), (1, 3), _USED),
            Goods("8439100000", "制造纤维素纸浆的机器（旧）", PIECE, (150000, 900000), (1, 4), _USED),
            Goods("8439300000", "纸或纸板的整理机器（旧）", PIECE, (80000, 600000), (1, 4), _USED),
        ),
        ("DEU", "FIN", "JPN", "ITA"),
        multi_use=False,
    ),
    Family(
        "crane",
        "工程机械",
        (
            Goods("8426411000", "轮胎式自推进起重机（旧）", PIECE, (60000, 400000), (1, 12), _USED),
            Goods("8426491000", "履带式自推进起重机（旧）", PIECE, (90000, 700000), (1, 8), _USED),
        ),
        ("JPN", "DEU", "USA", "SGP"),
    ),
    Family(
        "generator",
        "电力设备",
        (
            Goods(
                "8502131000",
                "输出功率超过375千伏安但不超过2兆伏安的柴油发电机组（旧）",
                PIECE,
                (20000, 90000),
                (1, 20),
                _USED,
            ),
            Goods(
                "8502132000",
                "输出功率超过2兆伏安的柴油发电机组（旧）",
                PIECE,
                (120000, 500000),
                (1, 6),
                _USED,
            ),
        ),
        ("GBR", "USA", "DEU", "FRA"),
    ),
    Family(
        "rollingmill",
        "冶金装备",
        (
            Goods("8455221000", "板材冷轧机（旧）", PIECE, (500000, 3000000), (1, 2), _USED),
            Goods("8455211000", "板材热轧机（旧）", PIECE, (600000, 3500000), (1, 2), _USED),
        ),
        ("DEU", "AUT", "JPN"),
        multi_use=False,
    ),
)
