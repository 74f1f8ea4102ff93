"""The serving folder, wherever it lies: who answers (release_state), what is kept beside (kept), and the versions (versions)."""
