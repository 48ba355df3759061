"""The API as data: operations, fields, request bodies, rules and pandera models."""
