"""`incident.yaml`: what happened, and where to look."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from primitives.bundle.parse import YamlDocument, parse_time, parse_yaml
from primitives.bundle.validate import Warnings, validate, warn_of_unknown_keys
from primitives.errors import BundleError
from primitives.records import Coverage, Record, Symptom, Window
from primitives.sanitise import Cleaner

__all__ = ["FORMAT", "Manifest", "Platform", "read_manifest"]

FORMAT: Final = "cloudops-incident/1"
Platform = Literal["aws", "kubernetes", "other"]


class Manifest(Record):
    """What happened, and where to look. "Now" in a recorded incident is `window.end`.

    Unknown keys are kept in `model_extra`, so that writing the bundle again loses none.
    """

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True, defer_build=True)

    format: Literal["cloudops-incident/1"] = FORMAT
    id: str = Field(pattern=r"^[a-z0-9-]+$", max_length=200)
    title: str
    query: str = ""
    detected_at: AwareDatetime
    baseline: Window | None = None
    window: Window
    symptom: Symptom | None = None
    platform: tuple[Platform, ...] = ()
    labels: Mapping[str, str] = {}
    coverage: tuple[Coverage, ...] = ()


def read_manifest(data: bytes, cleaner: Cleaner, warnings: Warnings) -> Manifest:
    """The manifest in `data`, the contents of `incident.yaml`. Raises `BundleError`."""
    where = "incident.yaml"
    document = parse_yaml(data, where)
    raw = document.value
    if not isinstance(raw, dict):
        raise BundleError(where, f"is empty or no mapping; expected keys such as format: {FORMAT} and id")
    if raw.get("format") != FORMAT:
        given = repr(raw["format"]) if "format" in raw else "missing"
        place = f"{where}:{document.line_of(['format'])}"
        raise BundleError(place, f"field 'format' is {given[:80]}; expected {FORMAT}")
    # An empty value in YAML is null: the key is not given.
    raw = {key: value for key, value in cleaner.mapping(raw).items() if value is not None}
    _read_times(raw, document)
    manifest = validate(Manifest, raw, where, document.line_of)
    _check_order(manifest, document)
    _warn(raw, warnings)
    return manifest


def _spans_of_time(raw: Mapping[str, Any]) -> list[tuple[tuple[str | int, ...], dict[str, Any]]]:
    spans: list[tuple[tuple[str | int, ...], dict[str, Any]]] = [
        ((key,), raw[key]) for key in ("window", "baseline") if isinstance(raw.get(key), dict)
    ]
    coverage = raw.get("coverage")
    if isinstance(coverage, list):
        spans += [(("coverage", index), entry) for index, entry in enumerate(coverage) if isinstance(entry, dict)]
    return spans


def _read_times(raw: dict[str, Any], document: YamlDocument) -> None:
    places = [((), raw, ("detected_at",)), *((at, entry, ("from", "to")) for at, entry in _spans_of_time(raw))]
    for location, entry, keys in places:
        for key in keys:
            if key in entry:
                where = f"incident.yaml:{document.line_of([*location, key])}"
                entry[key] = parse_time(entry[key], where, ".".join(map(str, (*location, key))))


def _check_order(manifest: Manifest, document: YamlDocument) -> None:
    spans: list[tuple[tuple[str | int, ...], Window | Coverage | None]] = [
        (("window",), manifest.window),
        (("baseline",), manifest.baseline),
        *((("coverage", index), entry) for index, entry in enumerate(manifest.coverage)),
    ]
    for location, span in spans:
        if span is not None and span.end < span.start:
            name = ".".join(map(str, location))
            where = f"incident.yaml:{document.line_of(location)}"
            raise BundleError(where, f"'{name}' ends before it starts; swap its 'from' and 'to'")


def _warn(raw: Mapping[str, Any], warnings: Warnings) -> None:
    warn_of_unknown_keys(Manifest, raw, "incident.yaml", warnings)
    for key in ("window", "baseline"):
        warn_of_unknown_keys(Window, raw.get(key), "incident.yaml", warnings)
    warn_of_unknown_keys(Symptom, raw.get("symptom"), "incident.yaml", warnings)
    for entry in raw.get("coverage") or ():
        warn_of_unknown_keys(Coverage, entry, "incident.yaml", warnings)
