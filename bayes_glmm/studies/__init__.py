"""Studies of many fits: calibration, power, cross-validation; simulation and prior checks."""
