using Gache.Primitives;

namespace Gache.Replication;

/// <summary>A removal that the leader is carrying out.</summary>
internal sealed record RemovalWork(NodeId Node, TaskCompletionSource<MemberAnswer> Answer, long DeadlineTick);
