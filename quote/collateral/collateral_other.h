/*
 * quote/collateral/collateral_other.h - collateral of all vendors except Intel, in two parts, and
 * shared steps of building a bundle.
 *
 * Private to the room.
 */
#ifndef ASSAY_QUOTE_COLLATERAL_COLLATERAL_OTHER_H
#define ASSAY_QUOTE_COLLATERAL_COLLATERAL_OTHER_H

#include "quote/collateral/collateral.h"

/* Notes a fault; more than there is room for are dropped. */
void assay_collateral_add_fault(struct assay_collateral *c, enum assay_rule rule, const char *what,
                                enum assay_status status);
/* Notes a window (asserted: there is room); of a certificate its subject too. */
void assay_collateral_add_certificate(struct assay_collateral *c, const char *what,
                                      const struct assay_certificate *certificate);
void assay_collateral_add_window(struct assay_collateral *c, const char *what, bool is_list,
                                 int64_t from_unix_s, int64_t to_unix_s);
/* Decodes a list, with its window; what cannot be read becomes a fault.
 * Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_collateral_read_crl(struct assay_collateral *c,
                                                          enum assay_collateral_part part,
                                                          const char *what, struct assay_slice der,
                                                          struct assay_crl *crl);
/* ASSAY_PART_CRL: lists one after the other, each with its own signer.
 * Returns: ASSAY_OK (see c->faults) | ASSAY_E_MEMORY | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_collateral_build_lists(struct assay_collateral *c,
                                                             struct assay_slice der);
/*
 * assay_collateral_build_others - certificates that all lead to the root, and a list that the root
 * or one of them signed. A list whose authority is not at hand stays without crl_issuer_name: each
 * appraisal looks for it among the evidence's own certificates.
 * In:      c->root, c->given
 * Returns: ASSAY_OK (see c->faults) | ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_collateral_build_others(
    struct assay_collateral *c, const struct assay_collateral_files *files);
/* Is something there, and nothing unproven? Faults are the caller's. Returns: true if so. */
bool assay_collateral_others_sound(const struct assay_collateral *c);

#endif
