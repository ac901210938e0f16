"""How a run's findings become flags: patterns dismissed before are left alone, random controls join the queue."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from audit_api.domain.flags import first_state
from audit_api.models import flags, programmes
from audit_api.models.base import Row, collection
from audit_api.operations.flags_blind import waiting_dealers

if TYPE_CHECKING:  # a web process reads flags without paying for the arithmetic
    from audit_api.anomaly.outcome import ScreenedDealer

SUPPRESSED_WAVES = 2
UNFLAGGED = "none"
MOST_PHOTOS = 24
PHOTOS_A_VISIT = 6


class Raising:
    """What is raised besides what the screening graded: the controls drawn, the patterns left alone."""

    def __init__(self, wave: Row, questionnaire: str, *, action: bool, control_share: float) -> None:
        self.known = _dismissed_patterns(wave, questionnaire)
        # They are asked about already, and a watch beside a blind flag would tell that it is no control.
        self.waiting = waiting_dealers(wave["_id"], questionnaire)
        self.share = control_share if action else 0.0
        self.seed = secrets.randbits(62)
        self.drawn: tuple[str, ...] = ()

    def draw(self, dealers: Iterable[ScreenedDealer]) -> tuple[str, ...]:
        """Draw the controls among the dealers that the screening does not ask about, one on average or more.

        Each is drawn by itself, so that their number is chance too: a known number would make a queue of so many
        all controls.
        """
        unflagged = sorted(dealer.dealer_id for dealer in dealers if dealer.grade == UNFLAGGED)
        chance = max(self.share, 1 / len(unflagged)) if self.share > 0 and unflagged else 0.0
        rng = random.Random(self.seed)  # noqa: S311 - a recorded draw that can be repeated, not a secret
        self.drawn = tuple(dealer for dealer in unflagged if rng.random() < chance)
        return self.drawn

    def record(self) -> Row:
        """Give the draw as it is kept with the run."""
        return {"share": self.share, "seed": self.seed, "dealers": list(self.drawn)}

    def covers(self, dealer: ScreenedDealer) -> Row | None:
        """Return the dismissal that covers a dealer's pattern: the same evidence groups or fewer, else None."""
        if not dealer.groups:
            return None
        found = (kept for kept in self.known.get(dealer.dealer_id, ()) if set(dealer.groups) <= set(kept["groups"]))
        return next(found, None)


def _dismissed_patterns(wave: Row, questionnaire: str) -> Mapping[str, list[Row]]:
    """Read the patterns dismissed in this wave or one of the two before it, by dealer."""
    waves = programmes.Wave._get_collection()
    earlier = {"programme": wave["programme"], "starts_at": {"$lt": wave["starts_at"]}}
    codes = [row["_id"] for row in waves.find(earlier, {"_id": 1}).sort("starts_at", -1).limit(SUPPRESSED_WAVES)]
    wanted = {
        "programme": wave["programme"],
        "questionnaire": questionnaire,
        "wave": {"$in": [wave["_id"], *codes]},
    }
    found: dict[str, list[Row]] = {}
    for row in flags.Suppression._get_collection().find(wanted).sort("_id", 1):
        found.setdefault(row["dealer"], []).append(row)
    return found


def flag_rows(run: Row, dealers: Iterable[ScreenedDealer], dossiers: Mapping[str, Any], raising: Raising) -> list[Row]:
    """Make the flags of a run; notes in the run what was left alone, keeps no word of what is a control in the list."""
    made, left_alone = [], []
    for dealer in dealers:
        dossier = dossiers.get(dealer.dealer_id)
        if dossier is None:
            continue
        control = dealer.dealer_id in raising.drawn
        if dealer.dealer_id in raising.waiting:
            continue
        if not control and (covered := raising.covers(dealer)) is not None:
            left_alone.append(
                {
                    "dealer": dealer.dealer_id, "grade": dealer.grade, "groups": list(dealer.groups),
                    "dismissed": covered["_id"], "look_alike": covered["look_alike"],
                }
            )  # fmt: skip
            continue
        # A control is put as a flag is: the same grade, the same state, the same shape.
        grade = "flag" if control else dealer.grade
        made.append(
            {
                "_id": f"{run['_id']}:{dealer.dealer_id}",
                **{name: run[name] for name in ("wave", "questionnaire", "brand")},
                "run": run["_id"],
                "dealer": dealer.dealer_id,
                "grade": grade,
                "control": control,
                "blind": grade == "flag" and raising.share > 0,
                "state": first_state(grade).value,
                "revision": 1,
                "score": dealer.score,
                "p": dealer.p,
                "q": dealer.q,
                "groups": list(dealer.groups),
                "summary": dossier["evidence"][0]["sentence"] if dossier["evidence"] else {},
                "dossier": dossier,
                "decisions": [],
                "created_at": run["started_at"],
                "decided_at": None,
            }
        )
    run["controls"] = raising.record()
    run["suppressed"] = left_alone
    return made


def dossier_rows(run: Row, dossiers: Mapping[str, Any]) -> list[Row]:
    """Make the stored dossiers of patterns that were left alone: no flag holds them."""
    return [
        {
            "_id": f"{run['_id']}:{entry['dealer']}",
            "run": run["_id"],
            "dealer": entry["dealer"],
            "brand": run["brand"],
            "dossier": dossiers[entry["dealer"]],
        }
        for entry in run["suppressed"]
    ]


def add_photos(dossiers: Mapping[str, dict[str, Any]]) -> None:
    """Name in each dossier the photos of the visits behind it: of what failed where survey and audit part most."""
    for dossier in dossiers.values():
        visits = sorted({visit for piece in dossier["evidence"] for visit in piece["rows"].get("visits", ())})
        apart = [row["touchpoint"] for row in dossier.get("parting", ())]
        dossier["photos"] = _photos(visits, apart)


def _photos(visits: list[str], apart: list[str]) -> list[Row]:
    found: list[tuple[int, Row]] = []
    fields = {"score.items.item": 1, "score.items.touchpoint": 1, "score.items.score": 1, "observations.item": 1,
              "observations.photos.sha256": 1}  # fmt: skip
    for visit in collection("visits").find({"_id": {"$in": visits}}, fields).sort("_id", 1):
        scored = {item["item"]: item for item in visit.get("score", {}).get("items", ())}
        mine: list[tuple[int, Row]] = []
        for observation in visit.get("observations", ()):
            item = scored.get(observation["item"])
            if item is None or item.get("score") is None or item["score"] >= 50:
                continue
            rank = apart.index(item["touchpoint"]) if item["touchpoint"] in apart else len(apart)
            mine += [
                (rank, {"visit": visit["_id"], "item": item["item"], "touchpoint": item["touchpoint"],
                        "sha256": photo["sha256"]})
                for photo in observation.get("photos", ())
            ]  # fmt: skip
        found += sorted(mine, key=lambda entry: entry[0])[:PHOTOS_A_VISIT]
    return [row for _, row in sorted(found, key=lambda entry: entry[0])[:MOST_PHOTOS]]
