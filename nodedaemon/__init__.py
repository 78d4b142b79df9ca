"""The daemon of one node: its agent runs the VMs placed there; one daemon, elected, is the manager."""

import logging

# In a simulation nobody set its log up, and Python's last resort would print it between the lines.
logging.getLogger(__name__).addHandler(logging.NullHandler())
