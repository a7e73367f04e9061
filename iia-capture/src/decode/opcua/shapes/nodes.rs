//! Management of nodes, views, queries (OPC 10000-4, 5.7 to 5.9).

use super::super::words;
use super::channel::{REQUEST_HEADER, RESPONSE_HEADER};
use crate::decode::opcua::shape::shapes;

shapes! {
    ADD_NODES_ITEM {
        ParentNodeId: ExpandedNodeId, ReferenceTypeId: NodeId, RequestedNewNodeId: ExpandedNodeId,
        BrowseName: QualifiedName, NodeClass: Word(&words::NODE_CLASS), NodeAttributes: ExtensionObject,
        TypeDefinition: ExpandedNodeId,
    }
    ADD_NODES_REQUEST { RequestHeader: Of(&REQUEST_HEADER), NodesToAdd: Many(&Of(&ADD_NODES_ITEM)) }
    ADD_NODES_RESULT { StatusCode: StatusCode, AddedNodeId: NodeId }
    ADD_NODES_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&Of(&ADD_NODES_RESULT)),
        DiagnosticInfos: Many(&DiagnosticInfo),
    }
    ADD_REFERENCES_ITEM {
        SourceNodeId: NodeId, ReferenceTypeId: NodeId, IsForward: Boolean, TargetServerUri: String,
        TargetNodeId: ExpandedNodeId, TargetNodeClass: Word(&words::NODE_CLASS),
    }
    ADD_REFERENCES_REQUEST { RequestHeader: Of(&REQUEST_HEADER), ReferencesToAdd: Many(&Of(&ADD_REFERENCES_ITEM)) }
    ADD_REFERENCES_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&StatusCode), DiagnosticInfos: Many(&DiagnosticInfo),
    }
    DELETE_NODES_ITEM { NodeId: NodeId, DeleteTargetReferences: Boolean }
    DELETE_NODES_REQUEST { RequestHeader: Of(&REQUEST_HEADER), NodesToDelete: Many(&Of(&DELETE_NODES_ITEM)) }
    DELETE_NODES_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&StatusCode), DiagnosticInfos: Many(&DiagnosticInfo),
    }
    DELETE_REFERENCES_ITEM {
        SourceNodeId: NodeId, ReferenceTypeId: NodeId, IsForward: Boolean, TargetNodeId: ExpandedNodeId,
        DeleteBidirectional: Boolean,
    }
    DELETE_REFERENCES_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), ReferencesToDelete: Many(&Of(&DELETE_REFERENCES_ITEM)),
    }
    DELETE_REFERENCES_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&StatusCode), DiagnosticInfos: Many(&DiagnosticInfo),
    }
    VIEW_DESCRIPTION { ViewId: NodeId, Timestamp: DateTime, ViewVersion: UInt32 }
    BROWSE_DESCRIPTION {
        NodeId: NodeId, BrowseDirection: Word(&words::BROWSE_DIRECTION), ReferenceTypeId: NodeId,
        IncludeSubtypes: Boolean, NodeClassMask = "opcua.nodeclassmask": UInt32,
        ResultMask = "opcua.resultmask": UInt32,
    }
    BROWSE_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), View: Of(&VIEW_DESCRIPTION), RequestedMaxReferencesPerNode: UInt32,
        NodesToBrowse: Many(&Of(&BROWSE_DESCRIPTION)),
    }
    REFERENCE_DESCRIPTION {
        ReferenceTypeId: NodeId, IsForward: Boolean, NodeId: ExpandedNodeId, BrowseName: QualifiedName,
        DisplayName: LocalizedText, NodeClass: Word(&words::NODE_CLASS), TypeDefinition: ExpandedNodeId,
    }
    BROWSE_RESULT {
        StatusCode: StatusCode, ContinuationPoint: ByteString, References: Many(&Of(&REFERENCE_DESCRIPTION)),
    }
    BROWSE_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&Of(&BROWSE_RESULT)),
        DiagnosticInfos: Many(&DiagnosticInfo),
    }
    BROWSE_NEXT_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), ReleaseContinuationPoints: Boolean, ContinuationPoints: Many(&ByteString),
    }
    BROWSE_NEXT_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&Of(&BROWSE_RESULT)),
        DiagnosticInfos: Many(&DiagnosticInfo),
    }
    RELATIVE_PATH_ELEMENT {
        ReferenceTypeId: NodeId, IsInverse: Boolean, IncludeSubtypes: Boolean, TargetName: QualifiedName,
    }
    RELATIVE_PATH { Elements: Many(&Of(&RELATIVE_PATH_ELEMENT)) }
    BROWSE_PATH { StartingNode: NodeId, RelativePath: Of(&RELATIVE_PATH) }
    TRANSLATE_BROWSE_PATHS_TO_NODE_IDS_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), BrowsePaths: Many(&Of(&BROWSE_PATH)),
    }
    BROWSE_PATH_TARGET { TargetId: ExpandedNodeId, RemainingPathIndex: UInt32 }
    BROWSE_PATH_RESULT { StatusCode: StatusCode, Targets: Many(&Of(&BROWSE_PATH_TARGET)) }
    TRANSLATE_BROWSE_PATHS_TO_NODE_IDS_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), Results: Many(&Of(&BROWSE_PATH_RESULT)),
        DiagnosticInfos: Many(&DiagnosticInfo),
    }
    REGISTER_NODES_REQUEST { RequestHeader: Of(&REQUEST_HEADER), NodesToRegister: Many(&NodeId) }
    REGISTER_NODES_RESPONSE { ResponseHeader: Of(&RESPONSE_HEADER), RegisteredNodeIds: Many(&NodeId) }
    UNREGISTER_NODES_REQUEST { RequestHeader: Of(&REQUEST_HEADER), NodesToUnregister: Many(&NodeId) }
    UNREGISTER_NODES_RESPONSE { ResponseHeader: Of(&RESPONSE_HEADER) }
    QUERY_DATA_DESCRIPTION {
        RelativePath: Of(&RELATIVE_PATH), AttributeId: Word(&words::ATTRIBUTE_ID), IndexRange: String,
    }
    NODE_TYPE_DESCRIPTION {
        TypeDefinitionNode: ExpandedNodeId, IncludeSubTypes: Boolean,
        DataToReturn: Many(&Of(&QUERY_DATA_DESCRIPTION)),
    }
    CONTENT_FILTER_ELEMENT { FilterOperator: Word(&words::FILTER_OPERATOR), FilterOperands: Many(&ExtensionObject) }
    CONTENT_FILTER { Elements: Many(&Of(&CONTENT_FILTER_ELEMENT)) }
    QUERY_FIRST_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), View: Of(&VIEW_DESCRIPTION), NodeTypes: Many(&Of(&NODE_TYPE_DESCRIPTION)),
        Filter: Of(&CONTENT_FILTER), MaxDataSetsToReturn: UInt32, MaxReferencesToReturn: UInt32,
    }
    QUERY_DATA_SET { NodeId: ExpandedNodeId, TypeDefinitionNode: ExpandedNodeId, Values: Many(&Variant) }
    PARSING_RESULT {
        StatusCode: StatusCode, DataStatusCodes: Many(&StatusCode), DataDiagnosticInfos: Many(&DiagnosticInfo),
    }
    CONTENT_FILTER_ELEMENT_RESULT {
        StatusCode: StatusCode, OperandStatusCodes: Many(&StatusCode), OperandDiagnosticInfos: Many(&DiagnosticInfo),
    }
    CONTENT_FILTER_RESULT {
        ElementResults: Many(&Of(&CONTENT_FILTER_ELEMENT_RESULT)), ElementDiagnosticInfos: Many(&DiagnosticInfo),
    }
    QUERY_FIRST_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), QueryDataSets: Many(&Of(&QUERY_DATA_SET)),
        ContinuationPoint: ByteString, ParsingResults: Many(&Of(&PARSING_RESULT)),
        DiagnosticInfos: Many(&DiagnosticInfo), FilterResult: Of(&CONTENT_FILTER_RESULT),
    }
    QUERY_NEXT_REQUEST {
        RequestHeader: Of(&REQUEST_HEADER), ReleaseContinuationPoint: Boolean, ContinuationPoint: ByteString,
    }
    QUERY_NEXT_RESPONSE {
        ResponseHeader: Of(&RESPONSE_HEADER), QueryDataSets: Many(&Of(&QUERY_DATA_SET)),
        RevisedContinuationPoint: ByteString,
    }
    NODE_ATTRIBUTES {
        SpecifiedAttributes: UInt32, DisplayName: LocalizedText, Description: LocalizedText, WriteMask: UInt32,
        UserWriteMask: UInt32,
    }
    OBJECT_ATTRIBUTES {
        SpecifiedAttributes: UInt32, DisplayName: LocalizedText, Description: LocalizedText, WriteMask: UInt32,
        UserWriteMask: UInt32, EventNotifier: Byte,
    }
    VARIABLE_ATTRIBUTES {
        SpecifiedAttributes: UInt32, DisplayName: LocalizedText, Description: LocalizedText, WriteMask: UInt32,
        UserWriteMask: UInt32, Value: Variant, DataType: NodeId, ValueRank: Int32, ArrayDimensions: Many(&UInt32),
        AccessLevel: Byte, UserAccessLevel: Byte, MinimumSamplingInterval: Double, Historizing: Boolean,
    }
    METHOD_ATTRIBUTES {
        SpecifiedAttributes: UInt32, DisplayName: LocalizedText, Description: LocalizedText, WriteMask: UInt32,
        UserWriteMask: UInt32, Executable: Boolean, UserExecutable: Boolean,
    }
    OBJECT_TYPE_ATTRIBUTES {
        SpecifiedAttributes: UInt32, DisplayName: LocalizedText, Description: LocalizedText, WriteMask: UInt32,
        UserWriteMask: UInt32, IsAbstract: Boolean,
    }
    VARIABLE_TYPE_ATTRIBUTES {
        SpecifiedAttributes: UInt32, DisplayName: LocalizedText, Description: LocalizedText, WriteMask: UInt32,
        UserWriteMask: UInt32, Value: Variant, DataType: NodeId, ValueRank: Int32, ArrayDimensions: Many(&UInt32),
        IsAbstract: Boolean,
    }
    REFERENCE_TYPE_ATTRIBUTES {
        SpecifiedAttributes: UInt32, DisplayName: LocalizedText, Description: LocalizedText, WriteMask: UInt32,
        UserWriteMask: UInt32, IsAbstract: Boolean, Symmetric: Boolean, InverseName: LocalizedText,
    }
    DATA_TYPE_ATTRIBUTES {
        SpecifiedAttributes: UInt32, DisplayName: LocalizedText, Description: LocalizedText, WriteMask: UInt32,
        UserWriteMask: UInt32, IsAbstract: Boolean,
    }
    VIEW_ATTRIBUTES {
        SpecifiedAttributes: UInt32, DisplayName: LocalizedText, Description: LocalizedText, WriteMask: UInt32,
        UserWriteMask: UInt32, ContainsNoLoops: Boolean, EventNotifier: Byte,
    }
    GENERIC_ATTRIBUTE_VALUE { AttributeId: Word(&words::ATTRIBUTE_ID), Value: Variant }
    GENERIC_ATTRIBUTES {
        SpecifiedAttributes: UInt32, DisplayName: LocalizedText, Description: LocalizedText, WriteMask: UInt32,
        UserWriteMask: UInt32, AttributeValues: Many(&Of(&GENERIC_ATTRIBUTE_VALUE)),
    }
    ELEMENT_OPERAND { Index: UInt32 }
    LITERAL_OPERAND { Value: Variant }
    ATTRIBUTE_OPERAND {
        NodeId: NodeId, Alias: String, BrowsePath: Of(&RELATIVE_PATH), AttributeId: Word(&words::ATTRIBUTE_ID),
        IndexRange: String,
    }
    SIMPLE_ATTRIBUTE_OPERAND {
        TypeDefinitionId: NodeId, BrowsePath: Many(&QualifiedName), AttributeId: Word(&words::ATTRIBUTE_ID),
        IndexRange: String,
    }
    NODE_REFERENCE { NodeId: NodeId, ReferenceTypeId: NodeId, IsForward: Boolean, ReferencedNodeIds: Many(&NodeId) }
}
