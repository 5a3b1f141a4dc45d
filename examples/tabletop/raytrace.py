"""Where a ray meets the scene."""

import math

from numba import njit

from shapes import BOX

FAR = 1e9


@njit
def to_local(rotation, x, y, z):
    """Turn a world vector into a shape's own frame: the transpose of `rotation` applied to it."""
    return (
        rotation[0, 0] * x + rotation[1, 0] * y + rotation[2, 0] * z,
        rotation[0, 1] * x + rotation[1, 1] * y + rotation[2, 1] * z,
        rotation[0, 2] * x + rotation[1, 2] * y + rotation[2, 2] * z,
    )


@njit
def hit_box(half, ox, oy, oz, dx, dy, dz, nearest):
    """Distance to a box entered from outside, and the face entered; FAR where it is missed.

    The slab method: Kay and Kajiya, "Ray tracing complex scenes", SIGGRAPH 1986.
    """
    enter, leave, face = 0.0, nearest, -1
    for axis in range(3):
        o = ox if axis == 0 else (oy if axis == 1 else oz)
        d = dx if axis == 0 else (dy if axis == 1 else dz)
        if abs(d) < 1e-12:
            if abs(o) > half[axis]:
                return FAR, -1
            continue
        t0 = (-half[axis] - o) / d
        t1 = (half[axis] - o) / d
        if t0 > t1:
            t0, t1 = t1, t0
        if t0 > enter:
            enter = t0
            face = 2 * axis + (1 if d > 0 else 0)
        leave = min(leave, t1)
        if enter > leave:
            return FAR, -1
    if face < 0:
        return FAR, -1
    return enter, face


@njit
def hit_segment(segment, ox, oy, oz, dx, dy, dz, nearest):
    """Distance to one revolved segment, a cone frustum or a ring; FAR where it is missed."""
    r0, z0, r1, z1 = segment[0], segment[1], segment[2], segment[3]
    rise = z1 - z0
    if abs(rise) < 1e-9:
        if abs(dz) < 1e-12:
            return FAR
        t = (z0 - oz) / dz
        if t <= 0 or t >= nearest:
            return FAR
        radius = math.hypot(ox + t * dx, oy + t * dy)
        return t if min(r0, r1) <= radius <= max(r0, r1) else FAR
    slope = (r1 - r0) / rise
    c = r0 + slope * (oz - z0)
    qa = dx * dx + dy * dy - slope * slope * dz * dz
    qb = ox * dx + oy * dy - slope * c * dz
    qc = ox * ox + oy * oy - c * c
    under = qb * qb - qa * qc
    if under < 0 or abs(qa) < 1e-14:
        return FAR
    root = math.sqrt(under)
    best = FAR
    for sign in (-1.0, 1.0):
        t = (-qb + sign * root) / qa
        z = oz + t * dz
        in_reach = 0 < t < min(best, nearest) and min(z0, z1) <= z <= max(z0, z1)
        if in_reach and c + slope * t * dz >= 0:  # the mirrored half of the cone is none
            best = t
    return best


@njit
def meets_ball(cx, cy, cz, radius, dx, dy, dz, nearest):
    """Whether a ray from the origin passes a ball around (cx, cy, cz) before `nearest`."""
    along = cx * dx + cy * dy + cz * dz
    square = cx * cx + cy * cy + cz * cz
    if square <= radius * radius:
        return True
    return along > 0 and along - radius < nearest and square - along * along < radius * radius


@njit
def first_hit(world, ox, oy, oz, dx, dy, dz, limit, any_hit):
    """Nearest hit closer than `limit` metres: distance, shape, part (face or segment).

    Shape is -1 where nothing is hit. With `any_hit` the first hit found is answered, for shadows.
    """
    nearest, found, part = limit, -1, -1
    for k in range(world.object_range.shape[0]):
        centre = world.object_centre[k]
        if not meets_ball(
            centre[0] - ox, centre[1] - oy, centre[2] - oz,
            world.object_radius[k], dx, dy, dz, nearest,
        ):  # fmt: skip
            continue
        for s in range(world.object_range[k, 0], world.object_range[k, 1]):
            at = world.position[s]
            px, py, pz = to_local(world.rotation[s], ox - at[0], oy - at[1], oz - at[2])
            vx, vy, vz = to_local(world.rotation[s], dx, dy, dz)
            half = world.half[s]
            if world.kind[s] == BOX:
                t, face = hit_box(half, px, py, pz, vx, vy, vz, nearest)
                if face >= 0 and t < nearest:
                    nearest, found, part = t, s, face
            else:
                middle = (half[1] + half[2]) / 2
                reach = math.hypot(half[0], (half[2] - half[1]) / 2)
                if not meets_ball(-px, -py, middle - pz, reach, vx, vy, vz, nearest):
                    continue
                for g in range(world.segment_range[s, 0], world.segment_range[s, 1]):
                    t = hit_segment(world.segment[g], px, py, pz, vx, vy, vz, nearest)
                    if t < nearest:
                        nearest, found, part = t, s, g
            if any_hit and found >= 0:
                return nearest, found, part
    return nearest, found, part


@njit
def surface_at(world, s, part, x, y, z):
    """The surface of shape `s` at a world point on it.

    Answers the shading normal (3, world), the point in the shape's frame (3), the light map's
    column in `map_start` and u, v in 0 to 1 (boxes: as seen from outside; lathes: turn, outline).
    """
    at = world.position[s]
    rotation = world.rotation[s]
    px, py, pz = to_local(rotation, x - at[0], y - at[1], z - at[2])
    nx, ny, nz = 0.0, 0.0, 0.0
    if world.kind[s] == BOX:
        half = world.half[s]
        sign = 1.0 if part % 2 == 0 else -1.0
        if part < 2:
            nx = sign
            u, v = sign * py / half[1], pz / half[2]
        elif part < 4:
            ny = sign
            u, v = -sign * px / half[0], pz / half[2]
        else:
            nz = sign
            u, v = sign * px / half[0], py / half[1]
        u, v, column = (u + 1) / 2, (v + 1) / 2, part
    else:
        segment = world.segment[part]
        normal = world.segment_normal[part]
        span = world.segment_span[part]
        radius = math.hypot(px, py)
        dr, dz = segment[2] - segment[0], segment[3] - segment[1]
        share = ((radius - segment[0]) * dr + (pz - segment[1]) * dz) / (dr * dr + dz * dz)
        share = min(1.0, max(0.0, share))
        nr = normal[0] + share * (normal[2] - normal[0])
        nz = normal[1] + share * (normal[3] - normal[1])
        length = math.hypot(nr, nz)
        nr /= length
        nz /= length
        if radius > 1e-12:
            nx, ny = nr * px / radius, nr * py / radius
        u = math.atan2(py, px) / (2 * math.pi) + 0.5
        v = span[0] + share * (span[1] - span[0])
        column = 0
    wx = rotation[0, 0] * nx + rotation[0, 1] * ny + rotation[0, 2] * nz
    wy = rotation[1, 0] * nx + rotation[1, 1] * ny + rotation[1, 2] * nz
    wz = rotation[2, 0] * nx + rotation[2, 1] * ny + rotation[2, 2] * nz
    return wx, wy, wz, px, py, pz, column, min(1.0, max(0.0, u)), min(1.0, max(0.0, v))


@njit
def map_lookup(world, light, s, column, u, v):
    """Bilinear light-map lookup, one float per channel; lathes wrap around in u."""
    width, height = world.map_size[s, column, 0], world.map_size[s, column, 1]
    start = world.map_start[s, column]
    wraps = world.kind[s] != BOX
    x, y = u * width - 0.5, v * height - 0.5
    x0, y0 = math.floor(x), math.floor(y)
    fx, fy = x - x0, y - y0
    red = green = blue = 0.0
    for j in range(2):
        row = min(height - 1, max(0, int(y0) + j))
        for i in range(2):
            col = int(x0) + i
            col = col % width if wraps else min(width - 1, max(0, col))
            weight = (fx if i else 1 - fx) * (fy if j else 1 - fy)
            texel = light[start + row * width + col]
            red += weight * texel[0]
            green += weight * texel[1]
            blue += weight * texel[2]
    return red, green, blue
