"""What TensorBoard reads from a folder of event files, as one JSON object: numbers and pictures by tag, with their steps.

    pip install tensorboard
    python3 tests/golden/event_files.py FOLDER

The test `it tensorboard::tensorboard_itself_reads_a_run` calls it where a Python with TensorBoard is there.
"""

import hashlib
import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0})
events.Reload()
tags = events.Tags()
print(
    json.dumps(
        {
            "scalars": {tag: [[event.step, event.value] for event in events.Scalars(tag)] for tag in tags["scalars"]},
            "images": {
                tag: [
                    [event.step, event.width, event.height, hashlib.sha256(event.encoded_image_string).hexdigest()]
                    for event in events.Images(tag)
                ]
                for tag in tags["images"]
            },
        }
    )
)
