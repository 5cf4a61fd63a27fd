"""Rules of this API's resources that are not part of the engine: custom values, participants, consents."""
