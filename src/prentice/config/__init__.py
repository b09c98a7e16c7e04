"""Settings: what there is, how it is resolved, and the file that `init` leaves."""

from prentice.config.loading import PROJECT_FILE, data_directory, load, user_file
from prentice.config.settings import MOST_SAMPLES, PERMISSIONS, SettingInfo, Settings, describe
from prentice.config.written import commented_file

__all__ = [
    "MOST_SAMPLES",
    "PERMISSIONS",
    "PROJECT_FILE",
    "SettingInfo",
    "Settings",
    "commented_file",
    "data_directory",
    "describe",
    "load",
    "user_file",
]
