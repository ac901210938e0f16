"""The auditors screened like the dealers, unit = auditor. An auditor's case is never a dealer's case."""
