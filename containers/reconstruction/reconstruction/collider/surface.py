"""From a distance field to a light triangle mesh."""

from __future__ import annotations

import fast_simplification
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from skimage.measure import marching_cubes

from reconstruction.collider.fusion import DistanceField

MIN_COMPONENT_SHARE = 0.02
MAX_TRIANGLES = 20_000
SIMPLIFICATION_AGGRESSIVENESS = 5

Mesh = tuple[np.ndarray, np.ndarray]


def extract_surface(field: DistanceField, min_views: float) -> Mesh:
    """Zero crossing of `field` where at least `min_views` views saw it.

    Vertices (n, 3) in world units and triangles (m, 3), counter-clockwise from free space; both
    empty where there is no crossing.
    """
    seen = field.weights >= min_views
    nothing = np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32)
    if min(field.distances.shape) < 2 or not (seen & (field.distances < 0)).any():
        return nothing
    try:
        vertices, triangles, _, _ = marching_cubes(
            field.distances, 0.0, mask=seen, gradient_direction="descent"
        )
    except (RuntimeError, ValueError):
        # scikit-image's way to say that no cube crosses the level
        return nothing
    vertices = (vertices * field.voxel + field.origin).astype(np.float32)
    return vertices, triangles.astype(np.int32)


def triangle_areas(mesh: Mesh) -> np.ndarray:
    """(m,), square world units."""
    vertices, triangles = mesh
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)


def without_fragments(mesh: Mesh) -> Mesh:
    """Only connected parts with at least 2 % of the whole area."""
    vertices, triangles = mesh
    edges = triangles[:, [0, 1, 1, 2]].reshape(-1, 2)
    graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(len(vertices),) * 2)
    count, part_of_vertex = connected_components(graph, directed=False)
    areas = triangle_areas(mesh)
    part_of_triangle = part_of_vertex[triangles[:, 0]]
    part_areas = np.bincount(part_of_triangle, areas, minlength=count)
    large = part_areas >= MIN_COMPONENT_SHARE * areas.sum()
    return compacted((vertices, triangles[large[part_of_triangle]]))


def simplified(mesh: Mesh, max_triangles: int = MAX_TRIANGLES) -> Mesh:
    """At most `max_triangles`, by quadric edge collapse (Garland and Heckbert 1997)."""
    vertices, triangles = mesh
    if len(triangles) <= max_triangles:
        return mesh
    target = max_triangles
    while True:
        vertices, triangles = fast_simplification.simplify(
            *mesh, target_count=target, agg=SIMPLIFICATION_AGGRESSIVENESS
        )
        if len(triangles) <= max_triangles:
            return compacted((vertices.astype(np.float32), triangles.astype(np.int32)))
        target = int(target * 0.9)


def compacted(mesh: Mesh) -> Mesh:
    """Without vertices that no triangle uses and triangles without area."""
    vertices, triangles = mesh
    triangles = triangles[triangle_areas(mesh) > 0]
    used, renumbered = np.unique(triangles, return_inverse=True)
    return vertices[used], renumbered.reshape(-1, 3).astype(np.int32)


def sample(mesh: Mesh, count: int, seed: int = 0) -> np.ndarray:
    """`count` points spread evenly over the surface, (count, 3)."""
    vertices, triangles = mesh
    rng = np.random.default_rng(seed)
    areas = triangle_areas(mesh)
    chosen = triangles[rng.choice(len(triangles), size=count, p=areas / areas.sum())]
    along, across = rng.random((2, count, 1))
    along = np.sqrt(along)
    a, b, c = (vertices[chosen[:, k]] for k in range(3))
    return a * (1 - along) + b * along * (1 - across) + c * along * across
