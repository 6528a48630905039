/*
 * quote/collateral/renewal_other.h - declarations shared by newer.c and renewal_other.c: state and
 * result of one comparison.
 *
 * Private to the room.
 */
#ifndef ASSAY_QUOTE_COLLATERAL_RENEWAL_OTHER_H
#define ASSAY_QUOTE_COLLATERAL_RENEWAL_OTHER_H

#include "quote/collateral/newer.h"

#define NO_VALUE ((struct assay_renewal_value){ .form = ASSAY_RENEWAL_NO_VALUE })

struct assay_renewal_span {
    int64_t from_unix_s;
    int64_t to_unix_s;
};

struct assay_renewal_work {
    const struct assay_endorsements *in_force;
    const struct assay_endorsements *offered;
    const struct assay_key *root;
    int64_t at_unix_s;
    uint32_t entry; /* of the offer, being looked at */
    bool is_newer;
    bool is_recovery;
    bool has_later_dates; /* and which: the last one */
    const char *dated_piece, *dated_field;
    int64_t dated_expected, dated_found;
    struct assay_renewal *out;
};

/* Each Returns: the value. */
struct assay_renewal_value assay_renewal_number(int64_t number);
struct assay_renewal_value assay_renewal_time(int64_t unix_s);
struct assay_renewal_value assay_renewal_bytes(const uint8_t *bytes, size_t len);
/* Says why not. Returns: false. */
bool assay_renewal_refuse(struct assay_renewal_work *w, enum assay_renewal_fault fault,
                          const char *piece, const char *field,
                          struct assay_renewal_value expected, struct assay_renewal_value found);
/* Returns: false, with the fault, when the date goes back. */
bool assay_renewal_forward(struct assay_renewal_work *w, const char *piece, const char *field,
                           int64_t before, int64_t after);
/* Notes how much later a piece begins than the one that it follows. */
void assay_renewal_moved(struct assay_renewal_work *w, const char *piece, const char *field,
                         const struct assay_renewal_span *before, int64_t after);
/* One revocation list after another of the same authority. Returns: true when it may. */
bool assay_renewal_list(struct assay_renewal_work *w, const char *piece,
                        const struct assay_crl *before, const struct assay_crl *after);
/* The complete part of a root whose vendor signs no documents. Returns: true when it may follow. */
bool assay_renewal_others(struct assay_renewal_work *w);

#endif
