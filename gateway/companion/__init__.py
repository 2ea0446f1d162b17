"""The companion guide of a partner: how to exchange files with us, written from the settings in force."""

from __future__ import annotations
