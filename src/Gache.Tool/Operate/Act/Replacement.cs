using Gache.Tool.Operate.Api;
using Gache.Tool.Operate.View;

namespace Gache.Tool.Operate.Act;

/// <summary>A member that goes, and who takes its place.</summary>
/// <param name="Shard">Their shard's id.</param>
/// <param name="Old">The member that goes, as it was seen.</param>
/// <param name="Address">Raft address of the new one.</param>
/// <param name="Removal">What removes the old one; may be sent again.</param>
/// <param name="Staying">API addresses of the members that stay.</param>
internal sealed record Replacement(string Shard, MemberJson Old, string Address, Request Removal, IReadOnlyList<string> Staying)
{
    /// <summary>The new member, once it is listed. It may have the old one's address, but not its id.</summary>
    public MemberJson? NewIn(ShardJson shard) => shard.Members.FirstOrDefault(member => member.Raft == Address && member.Id != Old.Id);

    /// <summary>Whether the old member is listed.</summary>
    public bool IsOldIn(ShardJson shard) => shard.Members.Any(member => member.Id == Old.Id);

    /// <summary>The old member, for a person.</summary>
    public string OldName => ClusterView.Name(Old);
}
