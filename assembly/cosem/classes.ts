/** One row per interface class: which file answers. Attributes that nothing computes need no class file. */
import { DATA_PROTECTION, SHORT_NAMES } from "../base/features";
import { Writer } from "../base/writer";
import { journalSequence } from "../store/journal";
import { ActionResult, DataAccessResult } from "../wire/results";
import { alarmOwns, alarmSet } from "./alarms";
import { Ask, PLAIN } from "./ask";
import { activityCalendarGet, activityCalendarInvoke, activityCalendarSet } from "./ic/activity_calendar";
import { associationLnGet, associationLnInvoke } from "./ic/association_ln";
import { associationSnGet, associationSnInvoke } from "./ic/association_sn";
import { clockGet, clockInvoke, clockSet } from "./ic/clock";
import { dataProtectionInvoke } from "./ic/data_protection";
import { demandRegisterGet, demandRegisterInvoke, demandRegisterSet } from "./ic/demand_register";
import { disconnectControlInvoke, disconnectControlSet } from "./ic/disconnect_control";
import { extendedRegisterInvoke } from "./ic/extended_register";
import { functionControlInvoke } from "./ic/function_control";
import { imageTransferGet, imageTransferInvoke } from "./ic/image_transfer";
import { limiterSet } from "./ic/limiter";
import { ntpSetupInvoke } from "./ic/ntp_setup";
import { parameterMonitorGet, parameterMonitorInvoke } from "./ic/parameter_monitor";
import { portProtectionGet, portProtectionInvoke } from "./ic/port_protection";
import { profileGenericGet, profileGenericInvoke, profileGenericSet } from "./ic/profile_generic";
import { pushSetupInvoke, pushSetupSet } from "./ic/push_setup";
import { registerInvoke } from "./ic/register";
import { registerActivationInvoke, registerActivationSet } from "./ic/register_activation";
import { registerMonitorSet } from "./ic/register_monitor";
import { sapAssignmentGet } from "./ic/sap_assignment";
import { scheduleInvoke, scheduleSet } from "./ic/schedule";
import { scriptTableInvoke } from "./ic/script_table";
import { securitySetupGet, securitySetupInvoke } from "./ic/security_setup";
import { singleActionSet } from "./ic/single_action";
import { specialDaysInvoke, specialDaysSet } from "./ic/special_days";
import { parameterChanged } from "./parameters";
import { plainGet, plainSet } from "./plain";

/** Answers GET: writes the value as Data, or pins a long source. */
export function classGet(ask: Ask, out: Writer): i32 {
  const result = attributeGet(ask, out);
  return result == PLAIN ? plainGet(ask, out) : result;
}

/** What the class of the object has to say. None has a part in manufacturer attributes (below 0). */
function attributeGet(ask: Ask, out: Writer): i32 {
  if (ask.attribute < 0) return PLAIN;
  switch (ask.classId) {
    case 5:
      return demandRegisterGet(ask, out);
    case 7:
      return profileGenericGet(ask, out);
    case 8:
      return clockGet(ask, out);
    case 12:
      return SHORT_NAMES ? associationSnGet(ask, out) : <i32>DataAccessResult.OBJECT_UNDEFINED;
    case 15:
      return associationLnGet(ask, out);
    case 17:
      return sapAssignmentGet(ask, out);
    case 18:
      return imageTransferGet(ask, out);
    case 20:
      return activityCalendarGet(ask, out);
    case 64:
      return securitySetupGet(ask, out);
    case 65:
      return parameterMonitorGet(ask, out);
    case 124:
      return portProtectionGet(ask, out);
    default:
      return PLAIN;
  }
}

/** Answers SET with the value at ask.dataAt. */
export function classSet(ask: Ask): i32 {
  const before = journalSequence(ask.meter);
  let result = attributeSet(ask);
  if (result == PLAIN) result = plainSet(ask);
  if (result == DataAccessResult.SUCCESS && journalSequence(ask.meter) != before) parameterChanged(ask);
  return result;
}

function attributeSet(ask: Ask): i32 {
  if (ask.attribute < 0) return PLAIN;
  switch (ask.classId) {
    case 1:
      return alarmOwns(ask) ? alarmSet(ask) : PLAIN;
    case 5:
      return demandRegisterSet(ask);
    case 6:
      return registerActivationSet(ask);
    case 7:
      return profileGenericSet(ask);
    case 8:
      return clockSet(ask);
    case 10:
      return scheduleSet(ask);
    case 11:
      return specialDaysSet(ask);
    case 20:
      return activityCalendarSet(ask);
    case 21:
      return registerMonitorSet(ask);
    case 22:
      return singleActionSet(ask);
    case 40:
      return pushSetupSet(ask);
    case 70:
      return disconnectControlSet(ask);
    case 71:
      return limiterSet(ask);
    default:
      return PLAIN;
  }
}

/** Answers ACTION with the parameter at ask.dataAt (size 0 = none); return data go to `out`. */
export function classInvoke(ask: Ask, out: Writer): i32 {
  switch (ask.classId) {
    case 3:
      return registerInvoke(ask);
    case 4:
      return extendedRegisterInvoke(ask);
    case 5:
      return demandRegisterInvoke(ask);
    case 6:
      return registerActivationInvoke(ask);
    case 7:
      return profileGenericInvoke(ask, out);
    case 8:
      return clockInvoke(ask, out);
    case 9:
      return scriptTableInvoke(ask);
    case 10:
      return scheduleInvoke(ask);
    case 11:
      return specialDaysInvoke(ask);
    case 12:
      return SHORT_NAMES ? associationSnInvoke(ask, out) : <i32>ActionResult.OBJECT_UNAVAILABLE;
    case 15:
      return associationLnInvoke(ask, out);
    case 18:
      return imageTransferInvoke(ask);
    case 20:
      return activityCalendarInvoke(ask);
    case 30:
      return DATA_PROTECTION ? dataProtectionInvoke(ask, out) : <i32>ActionResult.OBJECT_UNAVAILABLE;
    case 40:
      return pushSetupInvoke(ask);
    case 64:
      return securitySetupInvoke(ask, out);
    case 65:
      return parameterMonitorInvoke(ask);
    case 70:
      return disconnectControlInvoke(ask);
    case 100:
      return ntpSetupInvoke(ask);
    case 122:
      return functionControlInvoke(ask);
    case 124:
      return portProtectionInvoke(ask);
    default:
      return ActionResult.OBJECT_UNAVAILABLE;
  }
}
