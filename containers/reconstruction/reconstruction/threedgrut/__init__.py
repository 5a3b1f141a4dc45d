"""Engine `3dgrut`: NVIDIA's 3DGUT trainer on a CUDA GPU, run as a process of its own.

3DGRUT lives in another Python environment than this package (Dockerfile); what is in `inside/` runs
there. Statements about it hold for commit a37ef72 of github.com/nv-tlabs/3dgrut.
"""
