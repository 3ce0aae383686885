"""One round of the real job-runner's own sync, instead of its endless loop. Nothing of it is changed."""

from opensafely._vendor.jobrunner import sync
from opensafely._vendor.jobrunner.lib.log_utils import configure_logging

configure_logging()
sync.sync()
