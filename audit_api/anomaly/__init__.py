"""From responses and audits to questions worth asking: indicators, calibration, screening."""
