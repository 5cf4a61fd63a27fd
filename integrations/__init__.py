"""Everything about Total Expert: the client, the emulator and the apps that use them."""
