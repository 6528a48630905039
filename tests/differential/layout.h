/*
 * tests/differential/layout.h - offsets of fields in quotes, DER and JSON.
 *
 * Where things stand in a quote, in DER and in JSON, for whoever wants to change them. Nothing is
 * judged here: what cannot be found is just not there.
 */
#ifndef ASSAY_TESTS_DIFFERENTIAL_LAYOUT_H
#define ASSAY_TESTS_DIFFERENTIAL_LAYOUT_H

#include "tests/differential/case.h"

/* A quote of version 3, 4 or 5 (evidence-rules.md 2.1; Intel's quote libraries, appendix A). */
struct diff_quote {
    bool is_found;
    uint16_t version;
    size_t body_at, body_len;
    size_t signature_len_at; /* what is signed ends here */
    size_t signature_at, key_at;
    size_t outer_at; /* certification data of type 6: type and length; 0 in version 3 */
    size_t qe_report_at, qe_signature_at;
    size_t auth_len_at, auth_at, auth_len;
    size_t cert_type_at, cert_len_at, cert_at, cert_len;
    size_t end;
};

struct diff_field {
    const char *name;
    size_t at, len;
};
enum { DIFF_FIELDS_MAX = 64 };

void diff_quote_find(const struct diff_blob *quote, struct diff_quote *out);
/* Every field of a quote that was found. Returns: how many. */
size_t diff_quote_fields(const struct diff_quote *q, struct diff_field fields[DIFF_FIELDS_MAX]);
/* Other certification data, with the lengths that go with it. Returns: false in no quote. */
bool diff_quote_set_chain(struct diff_blob *quote, const void *bytes, size_t len);

/* One value of a DER tree, in the order of the bytes. */
struct diff_tlv {
    size_t at, head_len, len; /* the value stands at + head_len, and is len long */
    size_t parent;            /* index; its own for the outermost */
};
enum { DIFF_TLVS_MAX = 1024 };

/* Also looks into octet and bit strings that hold DER. Returns: how many values were found. */
size_t diff_der_walk(const struct diff_blob *der, struct diff_tlv tlvs[DIFF_TLVS_MAX]);
/* Puts other bytes in the place of a whole value and mends the lengths above it. */
void diff_der_replace(struct diff_blob *der, const struct diff_tlv *tlvs, size_t index,
                      const void *bytes, size_t len);

/* One member of an object, at any depth. */
struct diff_member {
    size_t key_at; /* the opening quote */
    size_t value_at;
    size_t end; /* past the value */
};
enum { DIFF_MEMBERS_MAX = 4096 };

/* Returns: how many members the text has. */
size_t diff_json_members(const struct diff_blob *text, size_t from,
                         struct diff_member members[DIFF_MEMBERS_MAX]);

/* Certificates of a PEM text. */
enum { DIFF_CERTIFICATES_MAX = 8, DIFF_CERTIFICATE_LEN = 4096 };
struct diff_chain {
    size_t count;
    struct diff_blob der[DIFF_CERTIFICATES_MAX];
};

void diff_chain_read(struct diff_chain *chain, const uint8_t *pem, size_t len);
void diff_chain_write(const struct diff_chain *chain, struct diff_blob *pem);
void diff_chain_free(struct diff_chain *chain);

#endif
