"""Judges a bill of materials on standard input by CycloneDX's own schema, strictly."""

import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(sys.stdin.read())
if error:
    sys.exit(f"not CycloneDX: {error}")
