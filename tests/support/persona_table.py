"""The table of docs/personas.md, made from src/personas/*.toml: python tests/support/persona_table.py prints it."""

import os
import tomllib

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(REPOSITORY, "src/personas")
ORDER = ("fauxkey", "yubikey-5", "yubikey-bio", "solo-2", "titan-2", "u2f-only", "fido-2.0", "fido-2.1", "synced-passkey")
VERSIONS = {"U2F_V2": "U2F", "FIDO_2_0": "2.0", "FIDO_2_1": "2.1", "FIDO_2_3": "2.3"}


def load():
    files = {}
    for name in os.listdir(FOLDER):
        if name.endswith(".toml"):
            with open(os.path.join(FOLDER, name), "rb") as file:
                files[name.removesuffix(".toml")] = tomllib.load(file)
    return dict(sorted(files.items(), key=lambda item: (ORDER.index(item[0]) if item[0] in ORDER else len(ORDER), item[0])))


def verifies(options):
    ways = [way for way, there in (("PIN", options.get("clientPin")), (options.get("uv"), options.get("uv", "none") != "none")) if there]
    return ", ".join(ways) + (", always" if options.get("alwaysUv") else "") or "–"


def row(name, file):
    options, limits, credentials = (file.get(table, {}) for table in ("options", "limits", "credentials"))
    timings = file.get("timings", {})
    copied = "".join(flag for flag, key in (("BE ", "backup_eligible"), ("BS", "backed_up")) if credentials.get(key)).strip()
    return (
        f"[{name}](../src/personas/{name}.toml)",
        ", ".join(VERSIONS[version] for version in file["versions"] if version in VERSIONS),
        ", ".join(file.get("algorithms", ["all"])),
        verifies(options),
        f"{limits.get('discoverableCredentials', 1_000_000):,}" if options.get("rk") else "–",
        credentials.get("counter", "per-credential") + (f", {copied}" if copied else ""),
        file.get("attestation", {}).get("style", "packed") if file["versions"] != ["U2F_V2"] else "U2F's",
        ", ".join(file.get("transports", ["–"])),
        f"{timings.get('registration', 0)}, {timings.get('assertion', 0)}",
    )


def table():
    head = ("persona", "names", "algorithms", "verifies by", "discoverable", "counter, copies", "attestation", "transports", "ms")
    rows = [head, ("---",) * len(head), *(row(name, file) for name, file in load().items())]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in rows)


if __name__ == "__main__":
    print(table(), end="")
