"""Objects in the store, made over Ice as their owner."""

from __future__ import annotations

from typing import Any

import omero
import omero.clients
from omero.rtypes import rint, rlong, rstring, rtime

TAGSET = omero.constants.metadata.NSINSIGHTTAGSET


class Lab:
    """Makes objects as one user, in the user's default group. Every method returns an id."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.update = client.sf.getUpdateService()

    def save(self, obj: Any) -> Any:
        return self.update.saveAndReturnObject(obj)

    def make(self, kind: str, name: str, **fields: Any) -> int:
        obj = getattr(omero.model, f"{kind}I")()
        obj.name = rstring(name)
        for field, value in fields.items():
            setattr(obj, field, value)
        return int(self.save(obj).id.val)

    def project(self, name: str = "project") -> int:
        return self.make("Project", name)

    def dataset(self, name: str = "dataset", project: int | None = None) -> int:
        dataset = self.make("Dataset", name)
        if project is not None:
            self.link("ProjectDatasetLink", "Project", project, "Dataset", dataset)
        return dataset

    def image(self, name: str = "image", dataset: int | None = None, fileset: int | None = None) -> int:
        fields = {} if fileset is None else {"fileset": omero.model.FilesetI(fileset, False)}
        image = self.make("Image", name, **fields)
        if dataset is not None:
            self.link("DatasetImageLink", "Dataset", dataset, "Image", image)
        return image

    def images(self, names: list[str], dataset: int) -> list[int]:
        """Many images at once."""
        images = []
        for name in names:
            image = omero.model.ImageI()
            image.name = rstring(name)
            images.append(image)
        saved = self.update.saveAndReturnArray(images)
        links = []
        for image in saved:
            link = omero.model.DatasetImageLinkI()
            link.parent = omero.model.DatasetI(dataset, False)
            link.child = omero.model.ImageI(image.id.val, False)
            links.append(link)
        self.update.saveArray(links)
        return [image.id.val for image in saved]

    def pixels(self, image: int, x: int = 512, y: int = 256, z: int = 3, t: int = 2) -> int:
        pixels = omero.model.PixelsI()
        pixels.image = omero.model.ImageI(image, False)
        for name, size in (("sizeX", x), ("sizeY", y), ("sizeZ", z), ("sizeC", 1), ("sizeT", t)):
            setattr(pixels, name, rint(size))
        pixels.sha1 = rstring("none")
        pixels.dimensionOrder = self.enumeration("DimensionOrder", "XYZCT")
        pixels.pixelsType = self.enumeration("PixelsType", "uint8")
        return int(self.save(pixels).id.val)

    def enumeration(self, kind: str, value: str) -> Any:
        return self.client.sf.getTypesService().getEnumeration(kind, value)

    def screen(self, name: str = "screen") -> int:
        return self.make("Screen", name)

    def plate(self, name: str = "plate", screen: int | None = None) -> int:
        plate = self.make("Plate", name)
        if screen is not None:
            self.link("ScreenPlateLink", "Screen", screen, "Plate", plate)
        return plate

    def run(
        self, plate: int, name: str | None = None, start: int | None = None, end: int | None = None
    ) -> int:
        run = omero.model.PlateAcquisitionI()
        run.plate = omero.model.PlateI(plate, False)
        if name is not None:
            run.name = rstring(name)
        if start is not None:
            run.startTime = rtime(start)
        if end is not None:
            run.endTime = rtime(end)
        return int(self.save(run).id.val)

    def well(self, plate: int, row: int, column: int, image: int, run: int | None = None) -> int:
        """A well with one field."""
        well = omero.model.WellI()
        well.plate = omero.model.PlateI(plate, False)
        well.row, well.column = rint(row), rint(column)
        sample = omero.model.WellSampleI()
        sample.image = omero.model.ImageI(image, False)
        if run is not None:
            sample.plateAcquisition = omero.model.PlateAcquisitionI(run, False)
        well.addWellSample(sample)
        return int(self.save(well).id.val)

    def fileset(self) -> int:
        fileset = omero.model.FilesetI()
        fileset.templatePrefix = rstring("lab/")
        return int(self.save(fileset).id.val)

    def tag(self, text: str, description: str | None = None, tagset: int | None = None) -> int:
        tag = omero.model.TagAnnotationI()
        tag.textValue = rstring(text)
        if description is not None:
            tag.description = rstring(description)
        tag_id = int(self.save(tag).id.val)
        if tagset is not None:
            self.link("AnnotationAnnotationLink", "TagAnnotation", tagset, "TagAnnotation", tag_id)
        return tag_id

    def tagset(self, text: str) -> int:
        tag = omero.model.TagAnnotationI()
        tag.textValue = rstring(text)
        tag.ns = rstring(TAGSET)
        return int(self.save(tag).id.val)

    def annotate(
        self, kind: str, object_id: int, annotation: int, annotation_kind: str = "TagAnnotation"
    ) -> int:
        return self.link(f"{kind}AnnotationLink", kind, object_id, annotation_kind, annotation)

    def link(self, kind: str, parent_kind: str, parent: int, child_kind: str, child: int) -> int:
        link = getattr(omero.model, f"{kind}I")()
        link.parent = getattr(omero.model, f"{parent_kind}I")(parent, False)
        link.child = getattr(omero.model, f"{child_kind}I")(child, False)
        return int(self.save(link).id.val)

    def find(self, hql: str, **params: Any) -> list[list[Any]]:
        """Rows of a projection in all groups."""
        from omero.rtypes import unwrap, wrap

        parameters = omero.sys.ParametersI()
        for name, value in params.items():
            parameters.add(name, rlong(value) if isinstance(value, int) else wrap(value))
        rows = self.client.sf.getQueryService().projection(hql, parameters, {"omero.group": "-1"})
        return [[unwrap(value) for value in row] for row in rows]
