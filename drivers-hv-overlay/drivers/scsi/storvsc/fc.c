// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V virtual storage: Fibre Channel.
 *
 * The host's adapter has a node name and a port name, which change when the
 * virtual machine moves. Its remote ports are not known; a dummy one stands for
 * all of them, so that user space finds the devices by the transport.
 */
#include <scsi/scsi_host.h>
#include <scsi/scsi_transport.h>
#include <scsi/scsi_transport_fc.h>

#include "storvsc.h"

static struct scsi_transport_template *stv_fc_transport;

static struct fc_function_template stv_fc_functions = {
	.show_host_node_name = 1,
	.show_host_port_name = 1,
};

/**
 * stv_fc_init() - register with the Fibre Channel transport
 *
 * Context: module init.
 * Return: 0 or -ENODEV.
 */
int stv_fc_init(void)
{
	stv_fc_transport = fc_attach_transport(&stv_fc_functions);
	return stv_fc_transport ? 0 : -ENODEV;
}

/**
 * stv_fc_exit() - undo stv_fc_init()
 */
void stv_fc_exit(void)
{
	fc_release_transport(stv_fc_transport);
}

/**
 * stv_fc_prepare() - make the SCSI host one of Fibre Channel, if it is
 * @dev: adapter; its SCSI host isn't added yet
 */
void stv_fc_prepare(struct stv_dev *dev)
{
	if (dev->is_fc)
		dev->shost->transportt = stv_fc_transport;
}

/**
 * stv_fc_names() - show the newest names
 * @dev: Fibre Channel adapter
 *
 * Context: process.
 */
void stv_fc_names(struct stv_dev *dev)
{
	struct stv_wwn wwn;

	spin_lock_irq(&dev->wwn_lock);
	wwn = dev->wwn;
	spin_unlock_irq(&dev->wwn_lock);

	fc_host_node_name(dev->shost) = wwn.node;
	fc_host_port_name(dev->shost) = wwn.port;
}

/**
 * stv_fc_add() - make the remote port
 * @dev: adapter; its SCSI host was added
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int stv_fc_add(struct stv_dev *dev)
{
	struct fc_rport_identifiers ids = {
		.roles = FC_PORT_ROLE_FCP_DUMMY_INITIATOR,
	};

	if (!dev->is_fc)
		return 0;
	stv_fc_names(dev);
	dev->rport = fc_remote_port_add(dev->shost, 0, &ids);
	return dev->rport ? 0 : -ENOMEM;
}

/**
 * stv_fc_remove() - undo stv_fc_add()
 * @dev: adapter
 *
 * Context: process.
 */
void stv_fc_remove(struct stv_dev *dev)
{
	if (!dev->is_fc)
		return;
	if (dev->rport)
		fc_remote_port_delete(dev->rport);
	fc_remove_host(dev->shost);
}
