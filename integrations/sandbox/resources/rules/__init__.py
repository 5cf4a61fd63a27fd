"""Rules that belong to the resources of this API, not to the engine: custom values, participants, consents."""
