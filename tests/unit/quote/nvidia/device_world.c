/*
 * tests/unit/quote/nvidia/device_world.c - a processor with devices (device_world.h).
 */
#include "tests/unit/quote/nvidia/device_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define ALG ASSAY_SIGNATURE_ECDSA_SHA384

enum { CHIPS = 0x10000 }; /* serial numbers of one machine */

/* Another chip of the same factory: keys and serial numbers of its own. */
static void draw_chip(struct gpu_world *g, const char *device, uint64_t serial)
{
    authority_key_free(&g->keys[GPU_DEVICE]);
    authority_key_free(&g->keys[GPU_LEAF]);
    g->keys[GPU_DEVICE] = gpu_world_key(g, "chip", serial);
    g->keys[GPU_LEAF] = gpu_world_key(g, "chip", serial + 1);
    g->terms[GPU_DEVICE] = authority_ca(device, g->keys[GPU_DEVICE], "Test GH100 Provisioner ICA 1",
                                        g->keys[GPU_ICA], ALG);
    g->terms[GPU_LEAF] =
        authority_leaf("FMC LF", g->keys[GPU_LEAF], device, g->keys[GPU_DEVICE], ALG);
    g->terms[GPU_DEVICE].serial = serial;
    g->terms[GPU_LEAF].serial = serial + 1;
}

void device_world_make(struct device_world *w, size_t index)
{
    struct gpu_world *const g = w->gpu;
    struct device_sample *const s = &w->samples[index];
    gpu_world_make(g);
    s->report_len = g->report_len;
    assay_bytes_copy(s->report, sizeof s->report, g->report, g->report_len);
    for (size_t i = 0; i < DEVICE_CERTIFICATES; i++) {
        s->der_len[i] = g->der_len[GPU_FAMILY + i];
        assay_bytes_copy(s->ders[i], sizeof s->ders[i], g->ders[GPU_FAMILY + i],
                         g->der_len[GPU_FAMILY + i]);
    }
}

/* The vendor makes switches instead of GPUs, until the terms of before are put back. */
static void set_switch_terms(struct gpu_world *g)
{
    g->manifests[0].active = 0;
    g->manifests[1].product = "LS10";
    g->manifests[1].version = "96.10.55.00.01";
    g->manifests[1].active |= UINT64_C(0xfff00080);
    g->manifests[1].salt = 0x33;
    g->bios = "96.10.55.00.01";
}

void device_world_fill(struct device_world *w, uint64_t machine, size_t gpus, size_t switches,
                       int changed, bool is_switch)
{
    enum { FIRST_SWITCH = 0x3e8, FIRST_GPU = 0x7d0, APART = 0x3e8 };
    struct gpu_world *const g = w->gpu;
    const struct gpu_manifest driver = g->manifests[0], vbios = g->manifests[1];
    cr_assert_leq(gpus + switches, ASSAY_DEVICES_MAX);
    set_switch_terms(g);
    for (size_t i = 0; i < switches; i++) {
        draw_chip(g, "LS_10 A01 FSP BROM", FIRST_SWITCH + 2 * i + CHIPS * machine);
        g->changed = is_switch && i + 1 == switches ? changed : 0;
        device_world_make(w, gpus + i);
        w->is_switch[gpus + i] = true;
    }
    w->switch_manifest = g->manifests[1];
    g->manifests[0] = driver;
    g->manifests[1] = vbios;
    g->bios = NULL;
    for (size_t i = 0; i < gpus; i++) {
        draw_chip(g, "GH100 A01 GSP BROM", FIRST_GPU + APART * i + CHIPS * machine);
        g->changed = !is_switch && i + 1 == gpus ? changed : 0;
        device_world_make(w, i);
        w->is_switch[i] = false;
    }
    g->changed = 0;
    w->count = gpus + switches;
    for (size_t i = 0; i < w->count; i++)
        w->order[i] = i;
    device_world_pack(w);
}

void device_world_encode(struct device_world *w)
{
    struct assay_slice out;
    struct assay_writer writer = assay_writer_over(w->encoded, sizeof w->encoded);
    assay_device_set_encode(&w->set, &writer);
    cr_assert_eq(assay_writer_finish(&writer, &out), ASSAY_OK);
    w->encoded_len = out.len;
    assay_device_report_data(w->challenge, out, w->cpu->request.report_data);
}

void device_world_pack(struct device_world *w)
{
    w->set = (struct assay_device_set){ .count = 0 };
    assay_bytes_copy(w->set.challenge, sizeof w->set.challenge, w->challenge, sizeof w->challenge);
    for (size_t i = 0; i < w->count; i++) {
        const struct device_sample *const s = &w->samples[w->order[i]];
        struct assay_package p = { .kind = w->is_switch[w->order[i]] ? ASSAY_KIND_NVIDIA_SWITCH
                                                                     : ASSAY_KIND_NVIDIA_GPU,
                                   .main = assay_slice_over(s->report, s->report_len),
                                   .certificate_count = DEVICE_CERTIFICATES };
        for (size_t k = 0; k < DEVICE_CERTIFICATES; k++)
            p.certificates[k] = assay_slice_over(s->ders[k], s->der_len[k]);
        cr_assert_eq(assay_device_set_add(&w->set, &p), ASSAY_OK);
    }
    device_world_encode(w);
}

/* One sequence: a token, its length in bytes of 255 and a rest, the literals. */
static void pack_literals(struct assay_slice set, struct assay_writer *packed)
{
    enum { IN_TOKEN = 15 };
    size_t rest = set.len - IN_TOKEN;
    assay_writer_u8(packed, IN_TOKEN << 4);
    for (; rest >= UINT8_MAX; rest -= UINT8_MAX)
        assay_writer_u8(packed, UINT8_MAX);
    assay_writer_u8(packed, (uint8_t)rest);
    assay_writer_put(packed, set.bytes, set.len);
}

void device_world_quote(struct device_world *w)
{
    struct assay_slice out;
    world_quote(w->cpu);
    struct assay_package p = { .kind = ASSAY_KIND_SOFT,
                               .main = assay_slice_over(w->cpu->quote, w->cpu->quote_len) };
    const struct assay_slice set = assay_slice_over(w->encoded, w->encoded_len);
    struct assay_writer packed = assay_writer_over(w->packed, sizeof w->packed);
    if (w->packs && w->packs_literals) pack_literals(set, &packed);
    else if (w->packs) assay_device_set_pack(set, &w->table, &packed);
    if (w->packs) cr_assert_eq(assay_writer_finish(&packed, &p.packed), ASSAY_OK);
    else p.devices = set;
    struct assay_writer writer = assay_writer_over(w->bytes, sizeof w->bytes);
    assay_package_encode(&p, &writer);
    cr_assert_eq(assay_writer_finish(&writer, &out), ASSAY_OK);
    w->len = out.len;
}

void device_world_judge(struct device_world *w)
{
    struct gpu_world *const g = w->gpu;
    gpu_world_make(g);
    if (!w->without_switch_manifest)
        g->c.files[g->c.file_count++] =
            assay_slice_over(w->switch_manifest.xml, w->switch_manifest.len);
    gpu_case_judge(&g->c); /* builds what is known of devices */
    w->all = w->cpu->endorsements;
    for (size_t i = 0; i < GPU_ROOTS; i++)
        w->all.entries[w->all.count++] =
            (struct assay_endorsement){ g->c.roots[i], ASSAY_KINDS_NVIDIA, &g->c.built[i] };
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_SOFT,
                                                    .bytes = w->bytes,
                                                    .len = w->len,
                                                    .at_unix_s = GPU_AT,
                                                    .endorsements = &w->all,
                                                    .policy = &w->cpu->policy };
    w->status = assay_evidence_verify(w->verifier, &request, &w->verdict);
}

struct device_world *device_world_open(const uint8_t challenge[static ASSAY_REPORT_DATA_LEN],
                                       int changed)
{
    return device_world_open_in(NULL, 0, challenge, changed);
}

struct device_world *device_world_open_in(const char *keys_dir, uint64_t machine,
                                          const uint8_t challenge[static ASSAY_REPORT_DATA_LEN],
                                          int changed)
{
    struct device_world *const w = calloc(1, sizeof *w);
    cr_assert_not_null(w);
    w->cpu = world_open();
    w->gpu = gpu_world_open_in(keys_dir);
    assay_gpu_rules_accept_devices(&w->cpu->policy.gpu);
    assay_bytes_copy(w->challenge, sizeof w->challenge, challenge, sizeof w->challenge);
    assay_device_nonce(w->challenge, w->gpu->nonce);
    device_world_fill(w, machine, DEVICES - 1, 1, changed, false);
    device_world_quote(w);
    return w;
}

void device_world_close(struct device_world *w)
{
    gpu_world_close(w->gpu);
    world_close(w->cpu);
    free(w);
}
