/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why a control message, or something in it, was refused.
 *
 * One enumeration serves every parser of the control plane, so that a caller
 * needs one array of counters and one place that logs. Nothing that is refused
 * changes any state: the message is counted and dropped.
 */
#ifndef _HV_VMBUS_WIRE_REJECT_H
#define _HV_VMBUS_WIRE_REJECT_H

/**
 * enum hvb_reject - verdict on a message from the host
 * @HVB_OK: accepted
 * @HVB_REJ_UNKNOWN: no such message type
 * @HVB_REJ_UNSUPPORTED: a type that hosts may send and this guest ignores
 * @HVB_REJ_DIRECTION: a type that only guests send
 * @HVB_REJ_VERSION: not part of the negotiated protocol version
 * @HVB_REJ_STATE: not expected in this state of the connection
 * @HVB_REJ_SHORT: fewer bytes than the type needs
 * @HVB_REJ_LONG: more bytes than a message slot holds
 * @HVB_REJ_RELID: relid 0 or beyond the event flags of a SINT
 * @HVB_REJ_DUPLICATE: relid or primary instance already in use (for callers)
 * @HVB_REJ_NO_CHANNEL: relid that no channel has (for callers)
 * @HVB_REJ_NO_REQUEST: answer that nobody waits for (for callers)
 * @HVB_REJ_CHAN_STATE: impossible in the state of the channel (for callers)
 * @HVB_REJ_GUID: null interface type
 * @HVB_REJ_SUB_INDEX: sub-channel index out of range, or on a socket
 * @HVB_REJ_CONN_ID: connection id with reserved bits set
 * @HVB_REJ_PIPE_MODE: pipe mode that is not defined
 * @HVB_REJ_ISOLATION: device not allowed in a confidential VM
 * @HVB_REJ_VALUE: another field is out of range
 * @HVB_REJ_COUNT: number of verdicts, for arrays of counters
 */
enum hvb_reject {
	HVB_OK = 0,
	HVB_REJ_UNKNOWN,
	HVB_REJ_UNSUPPORTED,
	HVB_REJ_DIRECTION,
	HVB_REJ_VERSION,
	HVB_REJ_STATE,
	HVB_REJ_SHORT,
	HVB_REJ_LONG,
	HVB_REJ_RELID,
	HVB_REJ_DUPLICATE,
	HVB_REJ_NO_CHANNEL,
	HVB_REJ_NO_REQUEST,
	HVB_REJ_CHAN_STATE,
	HVB_REJ_GUID,
	HVB_REJ_SUB_INDEX,
	HVB_REJ_CONN_ID,
	HVB_REJ_PIPE_MODE,
	HVB_REJ_ISOLATION,
	HVB_REJ_VALUE,
	HVB_REJ_COUNT
};

const char *hvb_reject_name(enum hvb_reject why);

#endif /* _HV_VMBUS_WIRE_REJECT_H */
