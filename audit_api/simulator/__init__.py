"""Honest and gamed worlds with known truth, for demo data, power and policy dry runs."""

from audit_api.simulator.folder import write_folder
from audit_api.simulator.network import simulate_network
from audit_api.simulator.survey import survey_rows
from audit_api.simulator.world import Label, NetworkSpec, World

__all__ = ["Label", "NetworkSpec", "World", "simulate_network", "survey_rows", "write_folder"]
