/*
 * quote/collateral/dates.c - dates of OCSP responses and manifests (dates.h).
 */
#include "quote/collateral/dates.h"

#include "base/assert.h"

/* As far as this shows without the issuer's key. */
static bool names(const struct assay_ocsp *r, const struct assay_certificate *c)
{
    uint8_t name[ASSAY_SHA384_LEN];
    const struct assay_slice issuer[] = { assay_slice_over(c->issuer.der, c->issuer.len) };
    if (!assay_bytes_equal(r->serial, c->serial, sizeof r->serial)) return false;
    if (r->hash_len == ASSAY_OCSP_SHA1_LEN) return true;
    if (r->hash_len == ASSAY_SHA256_LEN) assay_sha256_pieces(issuer, 1, name);
    else assay_sha384_pieces(issuer, 1, name);
    return assay_bytes_equal(name, r->issuer_name_hash, r->hash_len);
}

static const char *name_among(const struct assay_collateral *c, const struct assay_ocsp *r)
{
    for (size_t i = 0; i < c->certificate_count; i++)
        if (names(r, &c->certificates[i])) return c->certificates[i].subject_name;
    for (size_t i = 0; i < c->rim_count; i++)
        for (size_t k = 0; k < c->rims[i].certificate_count; k++)
            if (names(r, &c->rims[i].certificates[k]))
                return c->rims[i].certificates[k].subject_name;
    return NULL;
}

static bool is_superseded(const struct assay_collateral *c, size_t index)
{
    ASSAY_ASSERT(index < c->ocsp_count && c->ocsp_count <= ASSAY_OCSP_MAX);
    const struct assay_ocsp *const r = &c->ocsp[index].response;
    for (size_t i = 0; i < c->ocsp_count; i++) {
        const struct assay_ocsp *const other = &c->ocsp[i].response;
        if (!c->ocsp[i].is_signed) continue; /* it may not hide another one */
        if (other->this_update_s > r->this_update_s && other->hash_len == r->hash_len &&
            assay_bytes_equal(other->serial, r->serial, sizeof r->serial) &&
            assay_bytes_equal(other->issuer_key_hash, r->issuer_key_hash, r->hash_len))
            return true;
    }
    return false;
}

static void describe_response(const struct assay_collateral *c,
                              const struct assay_collateral *other, const struct assay_ocsp *r,
                              struct assay_text *name, struct assay_window *window)
{
    const char *subject = name_among(c, r);
    if (subject == NULL && other != NULL) subject = name_among(other, r);
    assay_text_add(name, "OCSP response for ");
    if (subject != NULL && subject[0] != '\0') {
        assay_text_add(name, subject);
    } else {
        assay_text_add(name, "serial ");
        assay_text_add_hex(name, r->serial, sizeof r->serial);
    }
    *window = (struct assay_window){ .what = name->text,
                                     .is_list = true,
                                     .from_unix_s = r->this_update_s,
                                     .to_unix_s = r->next_update_s };
}

/* Versions of firmware have five numbers, those of drivers fewer. */
static bool is_firmware(const char *version)
{
    size_t dots = 0;
    for (size_t i = 0; version[i] != '\0'; i++)
        dots += version[i] == '.';
    return dots == 4;
}

static void describe_manifest(const struct assay_rim *rim, struct assay_text *name,
                              struct assay_window *window)
{
    ASSAY_ASSERT(rim->certificate_count > 0);
    const struct assay_certificate *const signer = &rim->certificates[0];
    assay_text_add(name, is_firmware(rim->values.version) ? "VBIOS RIM " : "driver RIM ");
    assay_text_add(name, rim->values.version);
    assay_text_add(name, " for ");
    assay_text_add(name, rim->values.product);
    *window = (struct assay_window){ .what = name->text,
                                     .from_unix_s = signer->not_before_s,
                                     .to_unix_s = signer->not_after_s };
    for (size_t i = 1; i < rim->certificate_count; i++) {
        const struct assay_certificate *const c = &rim->certificates[i];
        if (c->not_before_s > window->from_unix_s) window->from_unix_s = c->not_before_s;
        if (c->not_after_s < window->to_unix_s) window->to_unix_s = c->not_after_s;
    }
}

bool assay_collateral_dated(const struct assay_collateral *c, const struct assay_collateral *other,
                            size_t index, struct assay_text *name, struct assay_window *window)
{
    ASSAY_ASSERT(c->ocsp_count <= ASSAY_OCSP_MAX && c->rim_count <= ASSAY_RIMS_MAX);
    *name = assay_text_empty();
    for (size_t i = 0; i < c->ocsp_count; i++) {
        if (is_superseded(c, i)) continue;
        if (index == 0) {
            describe_response(c, other, &c->ocsp[i].response, name, window);
            return true;
        }
        index -= 1;
    }
    for (size_t i = 0; i < c->rim_count; i++) {
        if (c->rims[i].certificate_count == 0) continue;
        if (index == 0) {
            describe_manifest(&c->rims[i], name, window);
            return true;
        }
        index -= 1;
    }
    return false;
}

bool assay_collateral_current(const struct assay_collateral *collateral, int64_t at_unix_s)
{
    ASSAY_ASSERT(collateral->window_count <= ASSAY_WINDOWS_MAX);
    for (uint32_t i = 0; i < collateral->window_count; i++)
        if (at_unix_s < collateral->windows[i].from_unix_s ||
            at_unix_s > collateral->windows[i].to_unix_s)
            return false;
    struct assay_text name;
    struct assay_window window;
    for (size_t i = 0; assay_collateral_dated(collateral, NULL, i, &name, &window); i++)
        if (at_unix_s < window.from_unix_s || at_unix_s > window.to_unix_s) return false;
    return true;
}
