/*
 * tests/unit/net/verifier/test_shared_devices.c - tests of devices that pass in two members at
 * once: which evidence counts, whom a record names, and when it ends.
 */
#include "net/verifier/shared_devices.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { MEMBERS = 4, NONE = 99 };

static struct assay_shared_devices *all;
static struct assay_verdict verdict;

static void set_up(void)
{
    cr_assert_eq(assay_shared_devices_create(MEMBERS, &all), ASSAY_OK);
}

static void tear_down(void)
{
    assay_shared_devices_destroy(&all);
    cr_assert_null(all);
}

TestSuite(shared_devices, .init = set_up, .fini = tear_down);

/* A passing machine with a device of each serial number; 0: it has none. */
static void make(uint8_t first, uint8_t second)
{
    const uint8_t serials[] = { first, second };
    assay_verdict_init(&verdict, ASSAY_KIND_TDX4, 1800000000);
    verdict.appraised = true;
    verdict.tcb_status = verdict.tcb_status_launch = verdict.tcb_status_current =
        ASSAY_TCB_UP_TO_DATE;
    assay_verdict_proof(&verdict, ASSAY_PROOF_QUOTE_SIGNATURE, ASSAY_PROOF_TRUE);
    for (size_t i = 0; i < sizeof serials; i++) {
        if (serials[i] == 0) continue;
        struct assay_verdict_device *const d = &verdict.devices[verdict.device_count++];
        d->kind = ASSAY_KIND_NVIDIA_GPU;
        d->genuine = ASSAY_GENUINE_TRUE;
        d->serial[ASSAY_DEVICE_SERIAL_LEN - 1] = serials[i];
        (void)snprintf(d->product, sizeof d->product, "GH100");
    }
    assay_verdict_conclude(&verdict);
    cr_assert(assay_outcome_is_pass(assay_verdict_outcome(&verdict)));
}

/* Returns: the member whose record is new, NONE without one. */
static unsigned add(uint16_t slot, uint64_t epoch)
{
    uint16_t of = 0;
    return assay_shared_devices_add(all, slot, epoch, &verdict, &of) ? of : NONE;
}

static struct assay_snapshot_shared_device get(uint16_t slot)
{
    return assay_shared_devices_get(all, slot);
}

Test(shared_devices, one_of_two_members_is_named_in_both)
{
    make(1, 7);
    cr_expect_eq(add(0, 5), NONE);
    make(7, 0);
    cr_expect_eq(add(2, 5), 2);
    cr_expect_eq(get(0).other, 2);
    cr_expect_str_eq(get(0).name, "gpu 1 (GH100, serial 07)");
    cr_expect_eq(get(0).first_epoch, 5);
    cr_expect_eq(get(0).last_epoch, 5);
    cr_expect_eq(get(2).other, 0);
    cr_expect_str_eq(get(2).name, "gpu 0 (GH100, serial 07)", "as the evidence of each has it");
    cr_expect_eq(get(1).last_epoch, 0);
    cr_expect_eq(add(2, 5), NONE, "it was known");
}

Test(shared_devices, others_have_no_record)
{
    make(1, 2);
    (void)add(0, 5);
    make(3, 4);
    cr_expect_eq(add(1, 5), NONE);
    make(0, 0);
    cr_expect_eq(add(2, 5), NONE);
    cr_expect_eq(get(0).last_epoch, 0);
    cr_expect_eq(get(1).last_epoch, 0);
}

/* The key of the device is the same, the leaf another one: as after an update of its firmware. */
Test(shared_devices, one_key_with_two_leaves_is_one_device)
{
    make(1, 0);
    verdict.devices[0].has_platform = true;
    verdict.devices[0].platform_id[0] = 9;
    (void)add(0, 5);
    verdict.devices[0].serial[ASSAY_DEVICE_SERIAL_LEN - 1] = 2;
    cr_expect_eq(add(1, 5), 1);
}

/* Without a serial number and without a key nothing tells devices apart: zeros are no device. */
Test(shared_devices, without_identity_are_not_the_same)
{
    make(1, 0);
    verdict.devices[0].serial[ASSAY_DEVICE_SERIAL_LEN - 1] = 0;
    (void)add(0, 5);
    cr_expect_eq(add(1, 5), NONE);
}

/* Anybody can send reports of the devices of others that do not pass. */
Test(shared_devices, what_does_not_pass_accuses_nobody)
{
    make(7, 0);
    (void)add(0, 5);
    verdict.devices[0].genuine = ASSAY_GENUINE_UNKNOWN;
    cr_expect_eq(add(1, 5), NONE, "a device that is not proven");
    make(7, 0);
    assay_verdict_refuse(&verdict, ASSAY_RULE_DEVICE_COUNT, "3", "1");
    cr_expect_eq(add(1, 5), NONE, "a machine that is refused");
    cr_expect_eq(get(0).last_epoch, 0);
    cr_expect_eq(get(1).last_epoch, 0);
}

/* It was in one machine in the epoch before, and is in the other one now. */
Test(shared_devices, a_moved_device_is_not_shared)
{
    make(7, 0);
    (void)add(0, 5);
    cr_expect_eq(add(1, 6), NONE);
    make(1, 0);
    cr_expect_eq(add(0, 6), NONE);
    make(7, 0);
    cr_expect_eq(add(1, 7), NONE);
    cr_expect_eq(get(0).last_epoch, 0);
}

Test(shared_devices, evidence_of_an_older_epoch_changes_nothing)
{
    make(7, 0);
    (void)add(0, 6);
    cr_expect_eq(add(1, 5), NONE);
    make(1, 0);
    cr_expect_eq(add(0, 5), NONE);
    make(7, 0);
    cr_expect_eq(add(1, 6), 1, "the newest of both has it");
}

Test(shared_devices, a_record_ends_three_epochs_after_the_last_finding)
{
    uint16_t ended = NONE;
    make(7, 0);
    (void)add(0, 5);
    (void)add(1, 5);
    cr_expect_not(assay_shared_devices_expire(all, 6, &ended));
    (void)add(0, 6);
    cr_expect_eq(add(1, 6), NONE, "no event: it lasts");
    cr_expect_eq(get(0).first_epoch, 5);
    cr_expect_eq(get(0).last_epoch, 6);
    cr_expect_not(assay_shared_devices_expire(all, 8, &ended));
    cr_expect(assay_shared_devices_expire(all, 9, &ended));
    cr_expect_eq(ended, 0);
    cr_expect(assay_shared_devices_expire(all, 9, &ended));
    cr_expect_eq(ended, 1);
    cr_expect_not(assay_shared_devices_expire(all, 9, &ended));
    cr_expect_eq(get(0).last_epoch, 0);
    (void)add(0, 9);
    cr_expect_eq(add(1, 9), 1, "a new finding is a new event");
}

/* Members that share devices among themselves take no room of a pair of others. */
Test(shared_devices, each_member_has_a_record_of_its_own)
{
    make(7, 0);
    (void)add(0, 5);
    cr_expect_eq(add(1, 5), 1);
    make(8, 0);
    (void)add(2, 5);
    cr_expect_eq(add(3, 5), 3);
    cr_expect_eq(get(0).other, 1);
    cr_expect_eq(get(3).other, 2);
    make(7, 8);
    (void)add(2, 6);
    make(7, 0);
    cr_expect_eq(add(0, 6), NONE, "both have a record");
    cr_expect_eq(get(0).other, 2);
    cr_expect_eq(get(2).other, 0);
    cr_expect_eq(add(1, 6), NONE);
    cr_expect_eq(get(0).other, 2, "within an epoch the first one stays");
    cr_expect_eq(get(1).last_epoch, 6);
}
