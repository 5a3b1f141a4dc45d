"""Lambda functions on Node: error names, workers that end with the emulator, no idle waiting."""
