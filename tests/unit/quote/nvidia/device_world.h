/*
 * tests/unit/quote/nvidia/device_world.h - a machine of tests: a SOFT quote that commits to the
 * reports of two GPUs and a switch, or of as many as a machine may have. Everything is right until
 * a test changes terms.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_NVIDIA_DEVICE_WORLD_H
#define ASSAY_TESTS_UNIT_QUOTE_NVIDIA_DEVICE_WORLD_H

#include "quote/verify/device_set.h"
#include "tests/unit/quote/nvidia/gpu_world.h"
#include "tests/unit/quote/world.h"

enum { DEVICES = 3, DEVICE_CERTIFICATES = 4, DEVICE_OF_SWITCH = 2 };

/* One device as its driver hands it over. */
struct device_sample {
    size_t report_len;
    uint8_t report[GPU_REPORT_MAX];
    size_t der_len[DEVICE_CERTIFICATES]; /* family, factory, device, leaf */
    uint8_t ders[DEVICE_CERTIFICATES][AUTHORITY_DER_MAX];
};

struct device_world {
    struct gpu_world *gpu; /* the vendor; its manifests are those of GPUs */
    struct world *cpu;
    struct device_sample samples[ASSAY_DEVICES_MAX];
    bool is_switch[ASSAY_DEVICES_MAX];
    struct gpu_manifest switch_manifest;
    bool without_switch_manifest;
    uint8_t challenge[ASSAY_REPORT_DATA_LEN];
    /* what a test changes before device_world_pack */
    size_t count;                    /* devices that come along */
    size_t order[ASSAY_DEVICES_MAX]; /* which of the samples */
    struct assay_device_set set;
    size_t encoded_len;
    uint8_t encoded[ASSAY_DEVICES_LEN_MAX];
    struct assay_endorsements all;
    struct assay_verifier *verifier;
    size_t len;
    bool packs;          /* the set travels packed */
    bool packs_literals; /* and the block has no copies */
    uint8_t packed[ASSAY_EVIDENCE_LEN_MAX];
    struct assay_lz4_table table;
    uint8_t bytes[ASSAY_COMPOSITE_LEN_MAX]; /* the evidence */
    enum assay_status status;
    struct assay_verdict verdict;
};

/* Answers this challenge; in the report of the second GPU the value of index changed (from 1; 0:
 * none) is another one. On the heap. */
struct device_world *device_world_open(const uint8_t challenge[static ASSAY_REPORT_DATA_LEN],
                                       int changed);
/* The machine of that number, from 0, whose devices and vendor have their keys in a folder (NULL:
 * fresh ones). */
struct device_world *device_world_open_in(const char *keys_dir, uint64_t machine,
                                          const uint8_t challenge[static ASSAY_REPORT_DATA_LEN],
                                          int changed);
/* Replaces the devices: that many GPUs, then switches; in the report of the last device of the
 * kind that is_switch names the value of index changed is another one. */
void device_world_fill(struct device_world *w, uint64_t machine, size_t gpus, size_t switches,
                       int changed, bool is_switch);
void device_world_close(struct device_world *w);
/* Sample number index anew, by the terms of w->gpu and for w->gpu->nonce. */
void device_world_make(struct device_world *w, size_t index);
/* w->set as bytes, and the report data that the processor has to quote. */
void device_world_encode(struct device_world *w);
/* The set of w->order, encoded. */
void device_world_pack(struct device_world *w);
/* Quote w->cpu->request, put it together with the set as encoded. */
void device_world_quote(struct device_world *w);
/* Appraise w->bytes. */
void device_world_judge(struct device_world *w);

#endif
