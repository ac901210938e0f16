"""What is measured: a checklist of 120 items, visits that answer it, photos as phones take them."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import yaml
from PIL import Image

ITEMS = 120
SECTIONS = 10
AREAS = [f"A{chr(65 + n)}" for n in range(SECTIONS)]
GUIDANCE_ZH = "按现场看到的情况作答，不要询问员工；如无法判断，请在备注中写明原因，并拍照留存。"
GUIDANCE_EN = "Answer by what you see, without asking staff; if you cannot tell, say why and take a photo."


def checklist_source() -> str:
    """Write a checklist of 120 items in ten sections, as YAML."""
    sections = []
    for section in range(SECTIONS):
        items = []
        for place in range(ITEMS // SECTIONS):
            items.append(
                {
                    "id": f"BEN-{AREAS[section]}-{place + 1:02d}",
                    "touchpoint": "XCT_VISIT",
                    "type": "yes_no",
                    "text": {
                        "zh": f"第 {section + 1} 区第 {place + 1} 项是否符合标准",
                        "en": f"Is point {place + 1} of area {section + 1} up to standard?",
                    },
                    "guidance": {"zh": GUIDANCE_ZH, "en": GUIDANCE_EN},
                    "weight": 2,
                    "required": True,
                    "allow_na": True,
                    "pass_on": "yes",
                    "evidence": {"rule": "optional", "min_photos": 0, "of": {"zh": "全景", "en": "the whole scene"}},
                    "expectations": ["E01"],
                }
            )
        title = {"zh": f"第 {section + 1} 区", "en": f"Area {section + 1}"}
        sections.append({"code": f"A{section:02d}", "title": title, "weight": 100 // SECTIONS, "items": items})
    return yaml.safe_dump(
        {
            "schema": "dealer-checklist/1",
            "code": "BEN",
            "version": 1,
            "title": {"zh": "一百二十项检查", "en": "One hundred and twenty points"},
            "mode": "announced",
            "domain": "sales",
            "expected_duration_min": 90,
            "capture": "open",
            "auditor_notes": {"zh": "逐项检查。", "en": "Check point by point."},
            "thresholds": {"pass": 80, "watch": 60},
            "sections": sections,
        },
        allow_unicode=True,
        sort_keys=False,
    )


def visit_content(assignment: str, dealer: str, started_at: datetime) -> dict[str, Any]:
    """Answer every item, each with a time and every fourth with a comment."""
    observations = []
    for number in range(ITEMS):
        observation: dict[str, Any] = {
            "item": f"BEN-{AREAS[number * SECTIONS // ITEMS]}-{number % (ITEMS // SECTIONS) + 1:02d}",
            "value": "yes" if number % 5 else "no",
            "answered_at": (started_at + timedelta(seconds=20 * number)).isoformat(),
        }
        if number % 4 == 0:
            observation["comment"] = "展厅入口右侧的价格牌与官网不一致，销售顾问说明是上周的活动价。"
        observations.append(observation)
    return {
        "revision": 1,
        "checklist": {"code": "BEN", "version": 1},
        "assignment": assignment,
        "dealer": dealer,
        "started_at": started_at.isoformat(),
        "ended_at": (started_at + timedelta(hours=1)).isoformat(),
        "locale": "zh",
        "client": {"app": "field/1.2", "device": "phone"},
        "observations": observations,
    }


def photo(megapixels: float = 12.0, *, seed: int = 1) -> bytes:
    """Draw a JPEG as large as a phone's, in pixels and in bytes (12 MP: about 2.8 MB), with EXIF."""
    height = int((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = height * 4 // 3
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 255, (height // 40, width // 40, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    grain = generator.normal(0, 6, (height, width, 1))
    pixels = np.clip(np.asarray(image, dtype=np.float32) + grain, 0, 255).astype(np.uint8)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Maker", "Phone", 6
    exif.get_ifd(0x8769)[0x9003] = "2026:11:20 10:02:11"
    exif.get_ifd(0x8769)[0x9011] = "+08:00"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (30.0, 16.0, 26.8), "E", (120.0, 9.0, 18.4)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=82, exif=exif)
    return out.getvalue()


BEGIN = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
