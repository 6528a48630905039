/*
 * quote/tpm/instance.c - cloud instance of a virtual TPM (instance.h).
 *
 * Source: for Google go-tpm-tools, server/verify.go (getInstanceInfo); for Azure the certificates
 * that virtual machines have at NV index 0x1c101d0, as users published them.
 */
#include "quote/tpm/instance.h"

#include "base/assert.h"
#include "quote/text.h"

/* "<id>.<domain>"; an id is a UUID or shorter. Returns: the length of the id; 0 for other names. */
static size_t azure_id_len(const char *subject, const char *domain, size_t domain_len)
{
    ASSAY_ASSERT(domain_len > 0);
    const size_t len = assay_text_len(subject, ASSAY_COMMON_NAME_MAX);
    if (len <= domain_len) return 0;
    return assay_bytes_equal(subject + len - domain_len, domain, domain_len) ? len - domain_len : 0;
}

/* evidence-rules.md 7.3: virtual TPMs of Trusted Launch, and of confidential VMs. */
static bool read_azure(const char *subject, struct assay_instance *instance)
{
    static const char trusted[] = ".TrustedVM.Azure.windows.net";
    static const char confidential[] = ".ConfidentialVM.Azure.windows.net";
    _Static_assert(ASSAY_COMMON_NAME_MAX - (sizeof trusted - 1) < ASSAY_INSTANCE_TEXT,
                   "an id fits");
    size_t id_len = azure_id_len(subject, trusted, sizeof trusted - 1);
    if (id_len == 0) id_len = azure_id_len(subject, confidential, sizeof confidential - 1);
    if (id_len == 0) return false;
    for (size_t i = 0; i < id_len; i++) {
        const char c = subject[i];
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '-') return false;
    }
    ASSAY_ASSERT(id_len < sizeof instance->id);
    assay_bytes_copy(instance->id, sizeof instance->id, subject, id_len);
    return true;
}

static void put_name(const char name[static ASSAY_GCE_TEXT_MAX],
                     char out[static ASSAY_INSTANCE_TEXT])
{
    _Static_assert((int)ASSAY_GCE_TEXT_MAX <= (int)ASSAY_INSTANCE_TEXT, "a name of Google's fits");
    assay_bytes_copy(out, ASSAY_INSTANCE_TEXT, name, assay_text_len(name, ASSAY_GCE_TEXT_MAX));
}

/* evidence-rules.md 7.2: others than those of production name nothing to rely on. */
static void read_google(const struct assay_gce *gce, struct assay_instance *instance)
{
    struct assay_text id = assay_text_empty();
    if (!gce->is_production) return;
    assay_text_add_u64(&id, gce->instance_id);
    ASSAY_ASSERT(id.len < sizeof instance->id); /* 20 digits */
    assay_bytes_copy(instance->id, sizeof instance->id, id.text, id.len);
    put_name(gce->instance_name, instance->name);
    put_name(gce->project_id, instance->project);
    instance->project_number = gce->project_number;
    put_name(gce->zone, instance->zone);
}

enum assay_ak_form assay_tpm_instance_read(const struct assay_certificate *c,
                                           struct assay_instance *instance)
{
    ASSAY_ASSERT(c != NULL && instance != NULL);
    *instance = (struct assay_instance){ 0 };
    if (c->has_gce) {
        read_google(&c->gce, instance);
        return ASSAY_AK_GOOGLE;
    }
    return read_azure(c->subject_name, instance) ? ASSAY_AK_AZURE : ASSAY_AK_TCG;
}

void assay_tpm_instance_digest(const struct assay_instance *instance,
                               uint8_t digest[static ASSAY_SHA256_LEN])
{
    uint8_t project[8];
    ASSAY_ASSERT(instance->id[0] != '\0');
    for (size_t i = 0; i < sizeof project; i++)
        project[i] = (uint8_t)(instance->project_number >> (8 * (7 - i)));
    const struct assay_slice pieces[] = {
        assay_slice_over(project, sizeof project),
        assay_slice_over((const uint8_t *)instance->id,
                         assay_text_len(instance->id, sizeof instance->id)),
    };
    assay_sha256_pieces(pieces, sizeof pieces / sizeof pieces[0], digest);
}
