//! Enumerations of the standard with the names of their values (OPC 10000-4, 7; OPC 10000-5, 12).

/// An enumeration.
pub(super) struct Words {
    /// The field that tells it.
    pub(super) field: &'static str,
    /// Its values.
    names: &'static [(u32, &'static str)],
}

impl Words {
    /// The name of a value.
    pub(super) fn name(&self, value: u32) -> Option<&'static str> {
        let row = self.names.iter().find(|row| row.0 == value)?;
        Some(row.1)
    }
}

macro_rules! words {
    ($($name:ident $field:literal [$($value:literal $word:literal),* $(,)?])*) => {
        $(pub(super) static $name: Words = Words { field: $field, names: &[$(($value, $word)),*] };)*
    };
}

words! {
    APPLICATION_TYPE "opcua.ApplicationType" [0 "Server", 1 "Client", 2 "ClientAndServer", 3 "DiscoveryServer"]
    ATTRIBUTE_ID "opcua.AttributeId" [
        1 "NodeId", 2 "NodeClass", 3 "BrowseName", 4 "DisplayName", 5 "Description", 6 "WriteMask", 7 "UserWriteMask",
        8 "IsAbstract", 9 "Symmetric", 10 "InverseName", 11 "ContainsNoLoops", 12 "EventNotifier", 13 "Value",
        14 "DataType", 15 "ValueRank", 16 "ArrayDimensions", 17 "AccessLevel", 18 "UserAccessLevel",
        19 "MinimumSamplingInterval", 20 "Historizing", 21 "Executable", 22 "UserExecutable", 23 "DataTypeDefinition",
        24 "RolePermissions", 25 "UserRolePermissions", 26 "AccessRestrictions", 27 "AccessLevelEx",
    ]
    AXIS_SCALE_ENUMERATION "opcua.AxisScaleEnumeration" [0 "Linear", 1 "Log", 2 "Ln"]
    BROWSE_DIRECTION "opcua.BrowseDirection" [0 "Forward", 1 "Inverse", 2 "Both", 3 "Invalid"]
    DATA_CHANGE_TRIGGER "opcua.DataChangeTrigger" [0 "Status", 1 "StatusValue", 2 "StatusValueTimestamp"]
    DEADBAND_TYPE "opcua.DeadbandType" [0 "None", 1 "Absolute", 2 "Percent"]
    FILTER_OPERATOR "opcua.FilterOperator" [
        0 "Equals", 1 "IsNull", 2 "GreaterThan", 3 "LessThan", 4 "GreaterThanOrEqual", 5 "LessThanOrEqual", 6 "Like",
        7 "Not", 8 "Between", 9 "InList", 10 "And", 11 "Or", 12 "Cast", 13 "InView", 14 "OfType", 15 "RelatedTo",
        16 "BitwiseAnd", 17 "BitwiseOr",
    ]
    HISTORY_UPDATE_TYPE "opcua.HistoryUpdateType" [1 "Insert", 2 "Replace", 3 "Update", 4 "Delete"]
    IDENTITY_CRITERIA_TYPE "iia.opcua.IdentityCriteriaType" [
        1 "UserName", 2 "Thumbprint", 3 "Role", 4 "GroupId", 5 "Anonymous", 6 "AuthenticatedUser", 7 "Application",
        8 "X509Subject", 9 "TrustedApplication",
    ]
    MESSAGE_SECURITY_MODE "opcua.MessageSecurityMode" [0 "Invalid", 1 "None", 2 "Sign", 3 "SignAndEncrypt"]
    MONITORING_MODE "opcua.MonitoringMode" [0 "Disabled", 1 "Sampling", 2 "Reporting"]
    NODE_CLASS "opcua.NodeClass" [
        0 "Unspecified", 1 "Object", 2 "Variable", 4 "Method", 8 "ObjectType", 16 "VariableType", 32 "ReferenceType",
        64 "DataType", 128 "View",
    ]
    PERFORM_UPDATE_TYPE "opcua.PerformUpdateType" [1 "Insert", 2 "Replace", 3 "Update", 4 "Remove"]
    PERMISSION_TYPE "iia.opcua.PermissionType" [
        1 "Browse", 2 "ReadRolePermissions", 4 "WriteAttribute", 8 "WriteRolePermissions", 16 "WriteHistorizing",
        32 "Read", 64 "Write", 128 "ReadHistory", 256 "InsertHistory", 512 "ModifyHistory", 1024 "DeleteHistory",
        2048 "ReceiveEvents", 4096 "Call", 8192 "AddReference", 16384 "RemoveReference", 32768 "DeleteNode",
        65536 "AddNode",
    ]
    SECURITY_TOKEN_REQUEST_TYPE "opcua.SecurityTokenRequestType" [0 "Issue", 1 "Renew"]
    SERVER_STATE "opcua.ServerState" [
        0 "Running", 1 "Failed", 2 "NoConfiguration", 3 "Suspended", 4 "Shutdown", 5 "Test", 6 "CommunicationFault",
        7 "Unknown",
    ]
    STRUCTURE_TYPE "iia.opcua.StructureType" [
        0 "Structure", 1 "StructureWithOptionalFields", 2 "Union", 3 "StructureWithSubtypedValues",
        4 "UnionWithSubtypedValues",
    ]
    TIMESTAMPS_TO_RETURN "opcua.TimestampsToReturn" [0 "Source", 1 "Server", 2 "Both", 3 "Neither", 4 "Invalid"]
    USER_TOKEN_TYPE "opcua.UserTokenType" [0 "Anonymous", 1 "UserName", 2 "Certificate", 3 "IssuedToken"]
}
