/*
 * tests/support/seats_reference.h - docs/protocol.md 5.22 once more, slow and obvious.
 *
 * Each seat asks every member, each question adds up the whole roster again, groups are found by
 * comparing ids. It shares the types of scoring/ and none of its code.
 */
#ifndef ASSAY_TESTS_SEATS_REFERENCE_H
#define ASSAY_TESTS_SEATS_REFERENCE_H

#include "scoring/groups.h"
#include "scoring/weight.h"

#include <stdbool.h>
#include <stdint.h>

/* Who sits. Out: has_seat[count]. Returns: how many. */
uint32_t reference_seats(const struct assay_place *places, const uint32_t *weights, uint32_t count,
                         uint32_t seats_max, bool *has_seat);
/* What they carry before the cut to the caps. Out: carried[count]. Returns: nothing. */
void reference_seats_carry(const struct assay_place *places, const uint32_t *weights,
                           uint32_t count, const bool *has_seat, uint32_t *carried);

#endif
