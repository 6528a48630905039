/*
 * tests/unit/services/identity/products.h - drawn inputs of certificates and tokens.
 */
#ifndef ASSAY_TESTS_UNIT_SERVICES_IDENTITY_PRODUCTS_H
#define ASSAY_TESTS_UNIT_SERVICES_IDENTITY_PRODUCTS_H

#include "services/identity/product.h"
#include "tests/unit/services/identity/group.h"

struct products {
    struct assay_credential_ca ca[2];
    struct assay_credential_state state;
    struct assay_credential_entry entry;
    char domain[ASSAY_CREDENTIAL_DOMAIN_MAX], issuer[ASSAY_CREDENTIAL_ISSUER_MAX];
    char name[ASSAY_CREDENTIAL_LABEL_MAX];
    char audience[ASSAY_CREDENTIAL_AUDIENCES_MAX][ASSAY_CREDENTIAL_AUDIENCE_MAX];
    uint8_t spki[ASSAY_CREDENTIAL_SPKI_MAX];
};

/* Every field is drawn, the extremes of each more often. */
void products_draw(struct products *p);
/* One set of plain values: a service `api` of mesh.example at 2026-11-28. In: public_key of the CA;
 * spki of the entry's key */
void products_plain(struct products *p, const uint8_t public_key[static 32],
                    struct assay_slice spki);

#endif
