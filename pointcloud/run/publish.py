"""Files get their final names, and their record: the one place of a run that does either."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from pointcloud.errors import HyogoError, ParameterError
from pointcloud.io import put
from pointcloud.run.entries import Input, ItemRecord, Raster
from pointcloud.run.items import InputFile, Made, Staged, Told, Work
from pointcloud.run.record import Record, as_json, now
from pointcloud.version import __version__


class Publisher:
    """Publishes and records what workers made; only the owner of a run has one.

    Parameters
    ----------
    record : Record
        On whose parameters the run has begun.
    facts : mapping
        What the user states of the files.
    guarded : bool
        Whether files that the record does not know are kept: they are somebody's own.
    """

    def __init__(self, record: Record, facts: Mapping[str, str], *, guarded: bool = False) -> None:
        self.record, self.facts, self.guarded = record, dict(facts), guarded
        self.claims: dict[str, str] = {}
        """Final names, and the key of the item that has each in this run."""
        self.known: set[str] = set()
        """Names of files that may be replaced though the record does not know them."""
        self.touched: set[str] = set()
        """Folders of which something was made or found as it would be made."""
        self.altered: set[str] = set()
        """Folders of which something was made."""

    def claim(self, name: str, key: str) -> None:
        """Take a final name for an item, for as long as this run lasts.

        Raises
        ------
        ParameterError
            If another item of this run has it.
        """
        other = self.claims.setdefault(name, key)
        if other != key:
            raise ParameterError("run.same_name", a=other, b=key, name=name)

    def publish(self, work: Work, made: Made, inputs: Mapping[str, tuple[Input, ...]]) -> list[Path]:
        """Give an item's files their final names, then record them; return their paths.

        Whoever is killed in between finds the old record beside new files, and makes the same once more.

        Parameters
        ----------
        work : Work
        made : Made
            What was made; if it tells more of the item than was known, that counts.
        inputs : mapping of str to tuple of Input
            What could decide the file of each folder.

        Raises
        ------
        ParameterError
            If a name is taken, or a folder holds files of another making.
        OutputError
            If a file or the record cannot be written.
        """
        try:
            if made.told:
                self._learn(made.told, work.item.key)
                inputs = {made.told.folder: made.told.inputs}
            return self._publish(work, made, inputs)
        except HyogoError:
            for staged in made.staged:
                put.discard(staged.path)
            raise

    def _learn(self, told: Told, key: str) -> None:
        """Take on what only the content of a file tells."""
        self.claim(told.name, key)
        parameters = as_json(told.parameters)
        differences = self.record.differences(told.folder, parameters)
        if differences:
            folder = self.record.out / told.folder
            raise ParameterError("run.other_contents", folder=folder, differences=differences)
        if self.record.parameters.get(told.folder) != parameters:
            self.record.parameters[told.folder] = parameters
            self.record.save()

    def _publish(self, work: Work, made: Made, inputs: Mapping[str, tuple[Input, ...]]) -> list[Path]:
        told, item = made.told, work.item
        outputs = {told.folder: told.name} if told else item.outputs
        folders: Collection[str] = outputs if told else work.folders
        entry = self.record.item(told.code, told.bounds) if told else self.record.item(item.code, item.bounds)
        new, past = {staged.folder: staged for staged in made.staged}, []
        for staged in new.values():
            if self.guarded:
                self._spare(staged, entry)
            put.publish(staged.path, self.record.out / staged.name, size=staged.size)
        for folder in outputs:
            if folder not in folders:
                continue
            held, known = entry.rasters.get(folder), new.get(folder)
            if known is None and held and held.state == "written":
                if made.weak:
                    continue
                past.append(self.record.out / outputs[folder])
            raster = Raster(
                "written" if known else made.absent[folder],
                self.record.parameters[folder],
                self.facts,
                inputs[folder],
                known.size if known else 0,
                known.sha256 if known else "",
                told.grid if told else {},
            )
            entry.rasters[folder] = raster.called(outputs[folder], folder, entry.code)
        self._stamp(entry, made)
        for path in past:  # an earlier state of the inputs held something
            put.remove(path)
        self.touched |= set(folders)
        self.altered |= set(folders)
        return [self.record.out / staged.name for staged in new.values()]

    def _spare(self, staged: Staged, entry: ItemRecord) -> None:
        """Refuse to replace a file that this program did not make.

        One that was published by a run which was killed before it recorded it is known by its content.

        Raises
        ------
        ParameterError
            If a file of others has the name.
        """
        path, held = self.record.out / staged.name, entry.rasters.get(staged.folder)
        if (
            staged.name in self.known
            or not path.exists()
            or (held and held.state == "written" and path.stat().st_size == held.size)
        ):
            return
        if path.stat().st_size != staged.size or put.digest(path) != staged.sha256:
            raise ParameterError("run.foreign", path=path)

    def _stamp(self, entry: ItemRecord, made: Made) -> None:
        entry.failure = ""
        entry.made = {
            "finished": now(),
            "software": f"hyogo-pc {__version__}",
            "seconds": round(made.seconds, 3),
            "peak_mib": made.peak >> 20,
        }
        if made.readers:
            entry.made["readers"] = made.readers
        self.record.put(entry)

    def fail(self, work: Work, why: str) -> None:
        """Record that an item could not be made; files of it that were there before stay.

        Raises
        ------
        OutputError
            If the record cannot be written.
        """
        entry = self.record.item(work.item.code, work.item.bounds)
        entry.failure = why
        entry.made["finished"] = now()
        self.record.put(entry)


def recorded(file: InputFile, sha256: str | None) -> Input:
    """Return a file as the record names it."""
    return Input(file.name, file.size, file.modified_ns, sha256, file.ground, file.points, file.moved_from)
