/*
 * net/transport/ring.c - shared-memory ring. A record is its length in four bytes, in the machine's
 * order, and its bytes; both may go over the end of the ring, and on at its beginning.
 */
#include "net/transport/ring.h"

#include "base/assert.h"

#include <sys/mman.h>
#include <unistd.h>

enum { HEAD_LEN = 4 };

struct assay_ring assay_ring_init(struct assay_ring_shared *shared, uint8_t *bytes, uint64_t size)
{
    ASSAY_ASSERT(size > HEAD_LEN);
    return (struct assay_ring){ .shared = shared, .bytes = bytes, .size = size };
}

static void copy_in(struct assay_ring *ring, const void *from, size_t len)
{
    ASSAY_ASSERT(len <= ring->size);
    const uint64_t at = ring->at % ring->size;
    const size_t before = len < ring->size - at ? len : (size_t)(ring->size - at);
    assay_bytes_copy_any(ring->bytes + at, ring->size - at, from, before);
    if (len > before)
        assay_bytes_copy_any(ring->bytes, ring->size, (const uint8_t *)from + before,
                             len - before);
    ring->at += len;
}

static void copy_out(struct assay_ring *ring, void *to, size_t len)
{
    ASSAY_ASSERT(len <= ring->size);
    const uint64_t at = ring->at % ring->size;
    const size_t before = len < ring->size - at ? len : (size_t)(ring->size - at);
    assay_bytes_copy_any(to, len, ring->bytes + at, before);
    if (len > before)
        assay_bytes_copy_any((uint8_t *)to + before, len - before, ring->bytes, len - before);
    ring->at += len;
}

/* ------------------------------------------------------------ the writer */

/* Returns: ASSAY_OK, *room | ASSAY_E_RANGE */
static enum assay_status room_of(const struct assay_ring *ring, uint64_t *room)
{
    const uint64_t taken = atomic_load_explicit(&ring->shared->taken, memory_order_acquire);
    const uint64_t held = ring->at - taken;
    if (taken > ring->at || held > ring->size) return ASSAY_E_RANGE;
    *room = ring->size - held;
    return ASSAY_OK;
}

bool assay_ring_has_room(const struct assay_ring *ring, size_t len)
{
    uint64_t room = 0;
    return room_of(ring, &room) == ASSAY_OK && room >= HEAD_LEN && room - HEAD_LEN >= len;
}

enum assay_status assay_ring_write(struct assay_ring *ring, struct assay_slice record)
{
    uint64_t room = 0;
    ASSAY_ASSERT(record.len <= UINT32_MAX);
    const uint32_t len = (uint32_t)record.len;
    ASSAY_TRY(room_of(ring, &room));
    if (room < HEAD_LEN || room - HEAD_LEN < len) return ASSAY_E_FULL;
    copy_in(ring, &len, sizeof len);
    if (len > 0) copy_in(ring, record.bytes, len);
    return ASSAY_OK;
}

/* The reader sets `sleeps` and checks once more, the writer writes and checks `sleeps`: in one
 * order for both (sequential consistency), one of the two sees the other. */
bool assay_ring_publish(struct assay_ring *ring)
{
    if (atomic_load_explicit(&ring->shared->written, memory_order_relaxed) == ring->at)
        return false;
    atomic_store(&ring->shared->written, ring->at);
    return atomic_load(&ring->shared->sleeps) != 0 &&
           atomic_exchange(&ring->shared->sleeps, 0) != 0;
}

bool assay_ring_is_drained(const struct assay_ring *ring)
{
    return atomic_load_explicit(&ring->shared->taken, memory_order_acquire) == ring->at;
}

void assay_ring_trim(struct assay_ring *ring)
{
    ASSAY_ASSERT(ring->shared != NULL);
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t begin = (uintptr_t)ring->bytes, end = begin + ring->size;
    const uintptr_t first = (begin + page - 1) / page * page, last = end / page * page;
    const uint64_t published = atomic_load_explicit(&ring->shared->written, memory_order_relaxed);
    if (published != ring->at || !assay_ring_is_drained(ring) || first >= last) return;
    /* Of memory that is no file it fails, and nothing is lost. */
    (void)madvise(ring->bytes + (first - begin), last - first, MADV_REMOVE);
}

/* ------------------------------------------------------------ the reader */

enum assay_status assay_ring_read(struct assay_ring *ring, uint8_t *buffer, size_t capacity,
                                  size_t *len)
{
    const uint64_t written = atomic_load_explicit(&ring->shared->written, memory_order_acquire);
    const uint64_t there = written - ring->at;
    uint32_t record = 0;
    if (written == ring->at) return ASSAY_E_AGAIN;
    if (written < ring->at || there > ring->size || there < HEAD_LEN) return ASSAY_E_RANGE;
    copy_out(ring, &record, sizeof record);
    if (record > there - HEAD_LEN || record > capacity) return ASSAY_E_RANGE;
    if (record > 0) copy_out(ring, buffer, record);
    ASSAY_ASSERT(record <= capacity);
    *len = record;
    atomic_store_explicit(&ring->shared->taken, ring->at, memory_order_release);
    return ASSAY_OK;
}

bool assay_ring_sleep(struct assay_ring *ring)
{
    atomic_store(&ring->shared->sleeps, 1);
    if (atomic_load(&ring->shared->written) == ring->at) return true;
    atomic_store(&ring->shared->sleeps, 0);
    return false;
}

void assay_ring_wake(struct assay_ring *ring)
{
    atomic_store(&ring->shared->sleeps, 0);
}
