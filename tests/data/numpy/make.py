"""Writes the arrays beside it, with NumPy 2.4.6. Run by hand; the tests read the files only."""

import numpy as np

# 0.5 i - 3 in order, as floats; i - 3 as signed numbers; i as the others.
floats = (0.5 * np.arange(24) - 3).reshape(2, 3, 4)
signed = np.arange(24).reshape(2, 3, 4) - 3
for name in ["<f4", ">f4", "<f8", ">f8"]:
    np.save(f"{name[1:]}-{'little' if name[0] == '<' else 'big'}.npy", floats.astype(name))
for name in ["|i1", "<i2", ">i4", "<i8"]:
    np.save(f"{name[1:]}.npy", signed.astype(name))
for name in ["|u1", ">u2", "<u4", "<u8"]:
    np.save(f"{name[1:]}.npy", (signed + 3).astype(name))
np.save("b1.npy", (signed % 2 == 0))
np.save("fortran.npy", np.asfortranarray(floats.astype("<f4")))
np.save("fortran-u1.npy", np.asfortranarray((signed + 3).astype("|u1")))
np.save("scalar.npy", np.float32(7.5))
with open("version-2.npy", "wb") as file:
    np.lib.format.write_array(file, floats.astype("<f4"), version=(2, 0))
np.save("structured.npy", np.zeros(3, dtype=[("a", "<f4"), ("b", "<i4", (2,))]))
np.save("objects.npy", np.array([None, "text"], dtype=object), allow_pickle=True)
np.save("complex.npy", np.zeros(3, dtype="<c8"))
np.save("large.npy", np.array([1, 2**63], dtype="<u8"))
pictures = np.arange(2 * 2 * 3 * 3, dtype="|u1").reshape(2, 2, 3, 3)
arrays = {"images": pictures, "labels": np.array([[1], [0]], dtype="<i4"), "a/b": floats[0, 0]}
np.savez("stored.npz", **arrays)
np.savez_compressed("deflated.npz", **arrays)
