"""What each real-world input must lead to: a function a case, named like its folder."""

from expected import coco, folders, images, masks, tables, voc, yolo

MODULES = (folders, tables, images, yolo, coco, voc, masks)
