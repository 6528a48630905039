/*
 * tests/unit/quote/x509/carrier_world.h - maker of certificates that carry SOFT evidence about
 * their own key, in every form, and of wrappers.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_X509_CARRIER_WORLD_H
#define ASSAY_TESTS_UNIT_QUOTE_X509_CARRIER_WORLD_H

#include "quote/pieces/carrier.h"
#include "tests/unit/quote/world.h"

enum { CARRIER_BYTES_MAX = 32768, SPKI_P256_LEN = 91 };

/* How the CMW stands in an extension. */
enum choice { CHOICE_CBOR, CHOICE_JSON, CHOICE_SEQUENCE, CHOICE_BARE };

/* What is made, and what is wrong with it. */
struct carrier_plan {
    enum assay_carrier_form form;
    enum choice choice; /* of DICE and CMW */
    unsigned hash;      /* of the key, in claims, DICE and CMW: 1, 7, 8; 0 is 1 */
    bool old_names;     /* Open Enclave's older OID, rats-tls's older tag */
    bool is_issued;     /* by another name and key */
    bool other_key;     /* the evidence vouches for another key */
    bool other_claims;  /* claims about this key, which the report data is not the hash of */
    bool no_claim;      /* claims without pubkey-hash */
    bool long_tail;     /* the report data goes on behind the hash */
    bool older_before, older_after; /* another extension, of Gramine's older form */
    int64_t from_s, to_s;           /* 0: 1 year around WORLD_AT */
};

struct carrier_made {
    size_t len;
    uint8_t der[CARRIER_BYTES_MAX];
    uint8_t spki[SPKI_P256_LEN];
};

/* A certificate by the plan; the quote that it carries is in w->quote, too. */
void carrier_make(struct world *w, const struct carrier_plan *plan, struct carrier_made *made);
/* [type, evidence, ? indicator] in CBOR, and in JSON. type NULL: content format 30001. */
size_t wrap_cbor(struct assay_slice evidence, const char *type, unsigned indicator, uint8_t *out,
                 size_t capacity);
size_t wrap_json(struct assay_slice evidence, const char *type, unsigned indicator, char *out,
                 size_t capacity);

#endif
