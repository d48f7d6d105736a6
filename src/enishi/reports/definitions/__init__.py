"""What reports there are. A module of this folder is one report; a third party ships its own by the entry-point group."""

from enishi.core.registry import Kind
from enishi.reports.framing import Definition

KIND: Kind[Definition] = Kind(Definition, "enishi.reports.definitions", "enishi.reports")
