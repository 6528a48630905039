/*
 * quote/eventlog/replay.h - register values after the events of a log.
 *
 *     register := hash(register | digest of the event)
 *
 * Sources: TPM 2.0 Library, Part 1 17.2 (PCR extend); PC Client Platform Firmware Profile, 10.4.1
 * and 10.4.5.3 (EV_NO_ACTION; the locality at which the TPM was started is the first value of
 * PCR 0); Intel TDX Module Base Architecture Specification, TDG.MR.RTMR.EXTEND (SHA-384, zero at
 * the start). evidence-rules.md 6.4 to 6.6.
 */
#ifndef ASSAY_QUOTE_EVENTLOG_REPLAY_H
#define ASSAY_QUOTE_EVENTLOG_REPLAY_H

#include "quote/eventlog/eventlog.h"

struct assay_replayed {
    uint16_t alg; /* 0: this register is not replayed */
    size_t len;
    uint64_t events; /* that extended it */
    uint8_t value[ASSAY_MEASUREMENT_MAX];
};

struct assay_replay {
    bool has_locality;
    struct assay_replayed registers[ASSAY_EVENT_REGISTERS];
};

/* All registers unset. */
void assay_replay_init(struct assay_replay *replay);
/* One register at its start, zeros, of one algorithm. Returns: ASSAY_OK | ASSAY_E_UNSUPPORTED (not
 * hashed here) */
ASSAY_CHECKED enum assay_status assay_replay_start(struct assay_replay *replay, uint32_t reg,
                                                   uint16_t alg);
/*
 * assay_replay_extend - one event. Registers without an algorithm stay as they are.
 * Returns: ASSAY_OK | ASSAY_E_UNSUPPORTED (the log has no digest of the register's algorithm) |
 *          ASSAY_E_RANGE (a locality that there is not) | ASSAY_E_INVALID (a locality after PCR 0
 *          was extended, or twice)
 */
ASSAY_CHECKED enum assay_status assay_replay_extend(struct assay_replay *replay,
                                                    const struct assay_boot_event *event);

#endif
