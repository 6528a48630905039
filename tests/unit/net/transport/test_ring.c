/*
 * tests/unit/net/transport/test_ring.c - tests of the ring buffer.
 *
 * What is put comes out, in order, whatever the lengths; and a side that lies is found out.
 */
#include "net/transport/ring.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE = 257 };

static struct assay_ring_shared shared;
static uint8_t bytes[SIZE], out[SIZE];
static struct assay_ring writer, reader;

static void start(void)
{
    shared = (struct assay_ring_shared){ 0 };
    writer = assay_ring_init(&shared, bytes, SIZE);
    reader = assay_ring_init(&shared, bytes, SIZE);
}

static struct assay_slice record(size_t len, unsigned seed)
{
    static uint8_t made[SIZE];
    for (size_t i = 0; i < len; i++)
        made[i] = (uint8_t)(seed + i * 7);
    return assay_slice_over(made, len);
}

static void expect(size_t len, unsigned seed)
{
    size_t got = SIZE;
    cr_assert_eq(assay_ring_read(&reader, out, sizeof out, &got), ASSAY_OK);
    cr_assert_eq(got, len);
    cr_assert(assay_bytes_equal(out, record(len, seed).bytes, len));
}

TestSuite(net_transport_ring, .init = start);

Test(net_transport_ring, everything_comes_out_in_order_over_every_end)
{
    size_t len = 0;
    for (unsigned round = 0; round < 4000; round++) {
        const size_t a = round % 97, b = (round * 5) % 61;
        cr_assert_eq(assay_ring_write(&writer, record(a, round)), ASSAY_OK);
        cr_assert_eq(assay_ring_write(&writer, record(b, round + 1)), ASSAY_OK);
        cr_assert_eq(assay_ring_read(&reader, out, sizeof out, &len), ASSAY_E_AGAIN);
        (void)assay_ring_publish(&writer);
        cr_assert_not(assay_ring_is_drained(&writer));
        expect(a, round);
        expect(b, round + 1);
        cr_assert(assay_ring_is_drained(&writer));
        cr_assert_eq(assay_ring_read(&reader, out, sizeof out, &len), ASSAY_E_AGAIN);
    }
}

Test(net_transport_ring, a_full_one_takes_nothing_and_loses_nothing)
{
    cr_assert(assay_ring_has_room(&writer, SIZE - 4));
    cr_assert_not(assay_ring_has_room(&writer, SIZE - 3));
    cr_assert_eq(assay_ring_write(&writer, record(100, 1)), ASSAY_OK);
    cr_assert_eq(assay_ring_write(&writer, record(149, 2)), ASSAY_OK); /* not a byte is left */
    cr_assert_eq(assay_ring_write(&writer, record(0, 3)), ASSAY_E_FULL);
    cr_assert_not(assay_ring_has_room(&writer, 0));
    (void)assay_ring_publish(&writer);
    expect(100, 1);
    cr_assert_eq(assay_ring_write(&writer, record(101, 3)), ASSAY_E_FULL);
    cr_assert_eq(assay_ring_write(&writer, record(100, 3)), ASSAY_OK);
    (void)assay_ring_publish(&writer);
    expect(149, 2);
    expect(100, 3);
}

Test(net_transport_ring, who_sleeps_is_woken_up_once)
{
    cr_assert_not(assay_ring_publish(&writer)); /* nothing is new */
    cr_assert(assay_ring_sleep(&reader));
    cr_assert_not(assay_ring_publish(&writer));
    cr_assert_eq(assay_ring_write(&writer, record(5, 1)), ASSAY_OK);
    cr_assert(assay_ring_publish(&writer));
    cr_assert_eq(assay_ring_write(&writer, record(5, 1)), ASSAY_OK);
    cr_assert_not(assay_ring_publish(&writer)); /* it was */
    cr_assert_not(assay_ring_sleep(&reader));   /* two are there */
    expect(5, 1);
    expect(5, 1);
    cr_assert(assay_ring_sleep(&reader));
    assay_ring_wake(&reader);
    cr_assert_eq(assay_ring_write(&writer, record(5, 1)), ASSAY_OK);
    cr_assert_not(assay_ring_publish(&writer)); /* it is at work */
}

Test(net_transport_ring, at_rest_it_takes_no_memory_and_loses_nothing)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), len = 4 * page;
    const int fd = memfd_create("ring", MFD_CLOEXEC);
    cr_assert(fd >= 0 && ftruncate(fd, (off_t)len) == 0);
    uint8_t *const memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    cr_assert(memory != MAP_FAILED);
    struct stat about;
    writer = assay_ring_init(&shared, memory + 64, len - 64);
    reader = assay_ring_init(&shared, memory + 64, len - 64);
    for (unsigned round = 0; round < 1000; round++) {
        cr_assert_eq(assay_ring_write(&writer, record(200, round)), ASSAY_OK);
        assay_ring_trim(&writer); /* not published */
        (void)assay_ring_publish(&writer);
        assay_ring_trim(&writer); /* not taken */
        expect(200, round);
    }
    cr_assert_eq(fstat(fd, &about), 0);
    cr_assert_eq((size_t)about.st_blocks * 512, len);
    assay_ring_trim(&writer);
    cr_assert_eq(fstat(fd, &about), 0);
    cr_assert_eq((size_t)about.st_blocks * 512, page, "but for what is no page of its own");
    cr_assert_eq(assay_ring_write(&writer, record(100, 7)), ASSAY_OK);
    (void)assay_ring_publish(&writer);
    expect(100, 7);
    (void)munmap(memory, len);
    (void)close(fd);
}

Test(net_transport_ring, a_writer_that_lies_is_found_out)
{
    size_t len = 0;
    const uint64_t lies[] = { SIZE + 1, 1, 3, UINT64_MAX, UINT64_C(1) << 63 };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        start();
        atomic_store(&shared.written, lies[i]);
        cr_assert_eq(assay_ring_read(&reader, out, sizeof out, &len), ASSAY_E_RANGE, "%zu", i);
    }
    start();
    cr_assert_eq(assay_ring_write(&writer, record(20, 1)), ASSAY_OK);
    (void)assay_ring_publish(&writer);
    expect(20, 1);
    atomic_store(&shared.written, 2); /* back */
    cr_assert_eq(assay_ring_read(&reader, out, sizeof out, &len), ASSAY_E_RANGE);
}

Test(net_transport_ring, a_record_longer_than_what_was_written_is_a_lie)
{
    size_t len = 0;
    cr_assert_eq(assay_ring_write(&writer, record(20, 1)), ASSAY_OK);
    (void)assay_ring_publish(&writer);
    bytes[0] = 21;
    cr_assert_eq(assay_ring_read(&reader, out, sizeof out, &len), ASSAY_E_RANGE);
    start();
    cr_assert_eq(assay_ring_write(&writer, record(20, 1)), ASSAY_OK);
    (void)assay_ring_publish(&writer);
    cr_assert_eq(assay_ring_read(&reader, out, 19, &len), ASSAY_E_RANGE); /* for this reader */
}

Test(net_transport_ring, a_reader_that_lies_is_found_out)
{
    cr_assert_eq(assay_ring_write(&writer, record(20, 1)), ASSAY_OK);
    (void)assay_ring_publish(&writer);
    atomic_store(&shared.taken, 25); /* one was never written */
    cr_assert_eq(assay_ring_write(&writer, record(1, 1)), ASSAY_E_RANGE);
    cr_assert_not(assay_ring_has_room(&writer, 1));
    start();
    for (int i = 0; i < 100; i++) {
        cr_assert_eq(assay_ring_write(&writer, record(60, 1)), ASSAY_OK);
        (void)assay_ring_publish(&writer);
        expect(60, 1);
    }
    atomic_store(&shared.taken, 5); /* further back than the ring is long */
    cr_assert_eq(assay_ring_write(&writer, record(1, 1)), ASSAY_E_RANGE);
}

/* Two threads, and nobody sleeps through anything. */
enum { MANY = 50000 };

static void *write_many(void *context)
{
    (void)context;
    for (unsigned i = 0; i < MANY;) {
        if (assay_ring_write(&writer, assay_slice_over(&i, sizeof i)) == ASSAY_OK) i++;
        (void)assay_ring_publish(&writer);
    }
    return NULL;
}

Test(net_transport_ring, two_at_once)
{
    pthread_t thread;
    size_t len = 0;
    cr_assert_eq(pthread_create(&thread, NULL, write_many, NULL), 0);
    for (unsigned i = 0; i < MANY;) {
        const enum assay_status status = assay_ring_read(&reader, out, sizeof out, &len);
        if (status == ASSAY_E_AGAIN) {
            (void)assay_ring_sleep(&reader);
            continue;
        }
        unsigned got = 0;
        cr_assert_eq(status, ASSAY_OK);
        cr_assert_eq(len, sizeof got);
        assay_bytes_copy(&got, sizeof got, out, sizeof got);
        cr_assert_eq(got, i);
        i++;
    }
    pthread_join(thread, NULL);
}
