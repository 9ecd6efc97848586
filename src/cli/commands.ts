import { exportAccounts, importAccounts } from './account-files.ts';
import { accountCreate, accountDelete, accountUnlock, adminCreate } from './accounts.ts';
import { auditVerify } from './audit.ts';
import { apiCommand } from './api.ts';
import { backupCommand } from './backup.ts';
import { clientCreate, clientDelete, clientDisable, clientEnable, clientList, clientShow } from './clients.ts';
import type { Command } from './command.ts';
import { configCommand } from './config.ts';
import { doctorCommand } from './doctor.ts';
import { maintenanceOff, maintenanceOn, maintenanceStatus } from './maintenance.ts';
import { moveCommand } from './move.ts';
import { keysDerived, keysList, keysRotate, keysSchedule, keysUses } from './keys.ts';
import { messagesList } from './messages.ts';
import { restoreCommand } from './restore.ts';

/** What `gatehouse` can do beside `start`, which is the process itself (`main.ts`). */
export const commands: readonly Command[] = [
  configCommand,
  doctorCommand,
  adminCreate,
  accountCreate,
  accountUnlock,
  accountDelete,
  importAccounts,
  exportAccounts,
  clientCreate,
  clientList,
  clientShow,
  clientDisable,
  clientEnable,
  clientDelete,
  maintenanceOn,
  maintenanceOff,
  maintenanceStatus,
  moveCommand,
  backupCommand,
  restoreCommand,
  auditVerify,
  keysList,
  keysRotate,
  keysSchedule,
  keysUses,
  keysDerived,
  messagesList,
  apiCommand,
];
