"""What rasters back to text add to the engine."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pointcloud.convert.flagged import quality_beside
from pointcloud.convert.recipe import DeliveredFiles
from pointcloud.convert.request import Kind
from pointcloud.convert.text_files import TextMade, write_text
from pointcloud.io.member import Member
from pointcloud.run.items import Made, Work
from pointcloud.run.loop import Task


class TextRecipe(DeliveredFiles):
    """Rasters of heights, each to a text in the output folder itself."""

    uniform = False

    def _read_with(self, member: Member, kind: Kind) -> Sequence[Member]:
        """Return a raster, and the one beside it that says which heights are interpolated."""
        quality = quality_beside(member)
        return (member, Member(quality)) if self.request.flagged and quality.is_file() else (member,)

    def make(self, work: Work) -> Task:
        """Return the task that writes a text."""
        return Task("make", work.item.key, write_text, (self.jobs[work.item.key][0], self.request))

    def made(self, work: Work, made: Made, bad: Collection[str]) -> str:
        """Count the texts that came back byte for byte."""
        assert isinstance(made, TextMade)
        self.report.identical += made.identical
        return made.staged[0].name
